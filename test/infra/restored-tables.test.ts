import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shippedTables, type TableName, tableIdOf, tableNames } from '../../infra/names.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { synthesise, testSettings } from '../builders/template.ts';

const root = join(import.meta.dirname, '..', '..');
const routes = Object.entries<Route>(routing);

/** Names a consumer's tables, those of the sandbox included. */
const tablesOf = (route: Route): string[] => Object.values(route.tables?.(testSettings()) ?? {}).map(({ id }) => id);

/** Names what stands in for tables in the stage prod. Stock and reservations come together. */
const restored = (...tables: TableName[]) =>
  Object.fromEntries(tables.map((table) => [table, `ShopMessaging-prod-${table}-20261127`]));

const template = (restoredTables: Record<string, string>) => synthesise({ stage: 'prod', restoredTables });

/** What uses a table. The table's own resource, and the key, do not. */
const usersOf = ({ resources, types }: ReturnType<typeof template>) =>
  types.filter((type) => type !== 'AWS::DynamoDB::Table').flatMap((type) => resources(type));

test('The tables that can be restored are those of the routing', () => {
  const ids = new Set(routes.flatMap(([, route]) => tablesOf(route)));
  expect([...ids].sort()).toEqual(tableNames.map(tableIdOf).sort());
});

describe.each<TableName[]>([
  ['orders'],
  ['payments'],
  ['stock', 'reservations'],
  ['notifications'],
  ['shipments'],
  ['sandboxGateway'],
])('A restored table: %s', (...tables) => {
  const before = template({});
  const after = template(restored(...tables));
  const ownIds = after
    .resources('AWS::DynamoDB::Table')
    .map(({ id }) => id)
    .filter((id) => tables.some((table) => id.startsWith(tableIdOf(table))));

  test('is used by every function, grant and output that used the one of the stack', () => {
    const text = JSON.stringify(usersOf(after));
    expect(ownIds).toHaveLength(tables.length);
    for (const id of ownIds) {
      const mentions = (all: unknown) => JSON.stringify(all).split(`"${id}"`).length - 1;
      expect(mentions(usersOf(before))).toBeGreaterThan(1);
      expect(mentions(usersOf(after))).toBe(0);
    }
    for (const [table, name] of Object.entries(restored(...tables))) {
      expect(after.outputValue(`${table.charAt(0).toUpperCase()}${table.slice(1)}TableName`)).toBe(name);
      expect(text).toContain(`:table/${name}"`);
    }
  });

  test('leaves the one of the stack as it is, with all logical ids', () => {
    expect(after.resources('AWS::DynamoDB::Table')).toEqual(before.resources('AWS::DynamoDB::Table'));
    for (const type of before.types) {
      const ids = (one: ReturnType<typeof template>) => one.resources(type).map(({ id }) => id);
      expect(ids(after)).toEqual(ids(before));
    }
  });

  test('changes no other grant', () => {
    for (const { id, properties } of before.resources('AWS::IAM::Policy')) {
      const now = after.resources('AWS::IAM::Policy').find((one) => one.id === id)?.properties;
      const actions = ({ PolicyDocument }: typeof properties) =>
        PolicyDocument.Statement.map(({ Action, Resource }: { Action: unknown; Resource: unknown }) => [
          Action,
          [Resource].flat().length,
        ]);
      expect(actions(now), id).toEqual(actions(properties));
    }
  });
});

test('The sweep reads the index of a restored table of orders, and the records of the others', () => {
  const { function: fn, role } = template(restored('orders', 'stock', 'reservations')).function('sweep');
  expect(fn.properties.Environment.Variables).toMatchObject({
    TABLE_NAME: 'ShopMessaging-prod-orders-20261127',
    RESERVATIONS_TABLE_NAME: 'ShopMessaging-prod-reservations-20261127',
    PAYMENTS_TABLE_NAME: { Ref: expect.stringContaining('PaymentsTable') },
  });
  const query = role.properties.PolicyDocument.Statement.find(
    ({ Action }: { Action: unknown }) => Action === 'dynamodb:Query',
  );
  expect(JSON.stringify(query.Resource)).toContain(':table/ShopMessaging-prod-orders-20261127/index/open-orders"');
});

test('The page on restores says for each table whom to pause', () => {
  const rows = readFileSync(join(root, 'docs', 'restore.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const told = Object.fromEntries(
    rows.flatMap(([, tables = '', pause = '']) => tables.split(', ').map((table) => [table, pause])),
  );
  for (const table of shippedTables) {
    const users = routes.flatMap(([name, route]) => (tablesOf(route).includes(tableIdOf(table)) ? [name] : []));
    expect(told[table], table).toBe(users.join(', '));
  }
});
