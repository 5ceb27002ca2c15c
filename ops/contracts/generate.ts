import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { asyncApi } from './async-api.ts';
import { type Break, breakingChanges } from './breaking.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';

const root = join(import.meta.dirname, '..', '..');
const PUBLISHED = 'contracts/published';

/** Gives every file that is made from the contracts, by its path in the repository. */
export function generated(contracts: readonly EventContract[] = catalog): Map<string, string> {
  const events = contracts.map((contract) => {
    const sample = sampleOf(contract.type);
    return { contract, sample, schema: jsonSchemaOf(contract, sample) };
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return new Map([
    ...events.map(({ contract, schema }) => [`${PUBLISHED}/${contract.type}.json`, json(schema)] as const),
    ['docs/asyncapi/asyncapi.json', json(asyncApi(events, version))],
  ]);
}

/** Gives the published schemas, as they were when they were last written. */
export function published(checkout = root): JsonSchema[] {
  const folder = join(checkout, PUBLISHED);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** Gives every way in which the contracts, as the code has them now, break what is published. */
export function broken(contracts: readonly EventContract[] = catalog, checkout = root): Break[] {
  const now = new Map(contracts.map((contract) => [contract.type, contract]));
  return published(checkout).flatMap((schema) => {
    const contract = now.get(String(schema.title));
    return breakingChanges(schema, contract && jsonSchemaOf(contract, undefined));
  });
}

/** A break as a person reads it: `shop.order.placed.v1: data.customer.locale: field removed`. */
export const told = ({ event, field, rule }: Break): string =>
  [event, field, rule].filter((part) => part !== '').join(': ');

/** Gives the paths of the files that are not what the contracts give. */
export const outdated = (files = generated(), checkout = root): string[] =>
  [...files].filter(([path, content]) => read(join(checkout, path)) !== content).map(([path]) => path);

/** Writes what is outdated and gives its paths. Throws, and writes nothing, if that would break what is published. */
export function write(contracts: readonly EventContract[] = catalog, checkout = root): string[] {
  const breaks = broken(contracts, checkout).map((one) => `  ${told(one)}`);
  if (breaks.length > 0) {
    throw new Error(
      `This breaks what is published:\n${breaks.join('\n')}\nLeave that version as it is and define the next one (docs/contracts.md).`,
    );
  }
  const files = generated(contracts);
  const paths = outdated(files, checkout);
  for (const path of paths) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), files.get(path) ?? '');
  }
  return paths;
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function sampleOf(type: string): unknown {
  const path = `test/contracts/samples/${type}.json`;
  const found = read(join(root, path));
  if (found === undefined) throw new Error(`Keep a sample of ${type} in ${path} before it is published.`);
  return JSON.parse(found);
}

const json = (document: unknown) => `${JSON.stringify(document, null, 2)}\n`;
