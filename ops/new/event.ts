import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventNames } from './names.ts';
import { addEntry, addImport } from './source-edits.ts';
import { eventDefinition, eventFileHead, eventSample } from './templates/event.ts';
import type { Changes } from './write.ts';

const CATALOG = { path: 'contracts/custom/catalog.ts', variable: 'customCatalog' };
const EXPORTS = 'contracts/custom/index.ts';

/** Plans the files of a new event: its contract, its entry in the catalogue, its export and its sample. Throws a sentence for a wrong type. */
export function planEvent(type: string, root: string): Changes & { open: readonly string[] } {
  const names = eventNames(type);
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const contract = `contracts/custom/${names.family}.ts`;
  const sample = `test/contracts/samples/${type}.json`;
  const isNewFamily = !existsSync(join(root, contract));
  const definition = eventDefinition(names);
  const catalog = addImport(read(CATALOG.path), names.constant, `./${names.family}.ts`);
  return {
    created: new Map([
      [sample, eventSample(names)],
      ...(isNewFamily ? [[contract, `${eventFileHead}${definition}`] as const] : []),
    ]),
    changed: new Map([
      [CATALOG.path, addEntry(catalog, names.constant, CATALOG)],
      ...(isNewFamily
        ? [
            [
              EXPORTS,
              `${read(EXPORTS).replace(/^export \{\};\n/m, '')}export * from './${names.family}.ts';\n`,
            ] as const,
          ]
        : [[contract, `${withImports(read(contract))}${definition}`] as const]),
    ]),
    open: [contract, sample],
  };
}

/** Adds the imports that a definition needs. */
const withImports = (source: string): string =>
  ['defineEvent', 'type EventOf'].reduce(
    (text, name) => addImport(text, name, '../cloud-event.ts'),
    addImport(source, 'orderId', '../order.ts'),
  );
