import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EventContract } from '../../contracts/cloud-event.ts';

const folder = join(import.meta.dirname, '..', '..', 'contracts');
const files = ['', 'custom/'].flatMap((path) =>
  existsSync(join(folder, path))
    ? readdirSync(join(folder, path)).flatMap((name) =>
        name.endsWith('.ts') && !['index.ts', 'catalog.ts'].includes(name) ? [`${path}${name}`] : [],
      )
    : [],
);

/** The constant and the file below `contracts/` that define each contract. */
export const contractFiles: ReadonlyMap<EventContract, { constant: string; file: string }> = new Map(
  (
    await Promise.all(
      files.map(async (file) => {
        const exported: Record<string, unknown> = await import(/* @vite-ignore */ `../../contracts/${file}`);
        return Object.entries(exported).flatMap(([constant, value]) =>
          isContract(value) ? [[value, { constant, file }] as const] : [],
        );
      }),
    )
  ).flat(),
);

function isContract(value: unknown): value is EventContract {
  return typeof value === 'object' && value !== null && 'type' in value && 'channel' in value && 'schema' in value;
}
