import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import * as entry from '../../contracts/index.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';

const folder = join(import.meta.dirname, '..', '..', 'contracts');
// What the entry point exports is defined elsewhere.
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && file !== 'index.ts',
);

const isContract = (value: unknown): value is EventContract =>
  typeof value === 'object' && value !== null && 'type' in value && 'channel' in value && 'schema' in value;

/** An event, and where it is defined or used. */
type Found = { contract: EventContract; where: string };

async function defined(): Promise<Found[]> {
  const modules = await Promise.all(
    files.map(async (file) => ({ file, exported: Object.entries(await import(join(folder, file))) })),
  );
  return modules.flatMap(({ file, exported }) =>
    exported.flatMap(([name, value]) =>
      isContract(value) ? [{ contract: value, where: `contracts/${file} exports ${name}` }] : [],
    ),
  );
}

const used: Found[] = Object.entries<Route>(routing).flatMap(([name, { consumes, publishes = [] }]) => [
  ...publishes.map((contract) => ({ contract, where: `infra/routing.ts has ${name} publish it` })),
  ...consumes.map((contract) => ({ contract, where: `infra/routing.ts has ${name} consume it` })),
]);

/** Says of each event that a list lacks where it is known, and which file to add it to; each event once. */
function missingFrom(list: readonly unknown[], found: readonly Found[], file: string): string[] {
  const missing = found.filter(({ contract }) => !list.includes(contract));
  return [...Map.groupBy(missing, ({ contract }) => contract)].map(
    ([{ type }, [first]]) => `${type} is missing (${first?.where}): add it to ${file}`,
  );
}

describe('Every event', () => {
  test('that contracts/ defines is in the catalog', async () => {
    const all = await defined();
    expect(all.length).toBeGreaterThanOrEqual(catalog.length);
    expect(missingFrom(catalog, all, 'contracts/catalog.ts')).toEqual([]);
  });

  test('that a route publishes or consumes is in the catalog', () => {
    expect(missingFrom(catalog, used, 'contracts/catalog.ts')).toEqual([]);
  });

  test('of the catalog is exported by the package', () => {
    const found = catalog.map((contract) => ({ contract, where: 'contracts/catalog.ts lists it' }));
    expect(missingFrom(Object.values(entry), found, 'contracts/index.ts')).toEqual([]);
  });

  test('that is left out is named in one sentence, with the file to put it in', async () => {
    const [first] = catalog;
    const rest = catalog.slice(1);
    expect(missingFrom(rest, await defined(), 'contracts/catalog.ts')).toEqual([
      'shop.order.placed.v1 is missing (contracts/order.ts exports orderPlaced): add it to contracts/catalog.ts',
    ]);
    expect(missingFrom(rest, used, 'contracts/catalog.ts')).toEqual([
      `${first?.type} is missing (infra/routing.ts has order consume it): add it to contracts/catalog.ts`,
    ]);
  });

  test('has a type of its own', () => {
    const types = catalog.map(({ type }) => type);
    expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
  });
});
