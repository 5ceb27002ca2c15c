import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { PERSONAL_MEMBERS, withoutPersonalMembers } from '../../contracts/personal-data.ts';

const published = (type: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../contracts/published/${type}.json`), 'utf8'));

/** Returns the name of every property in a schema, at any depth. */
const propertiesIn = (schema: unknown): string[] => {
  if (schema === null || typeof schema !== 'object') return [];
  const own = 'properties' in schema && schema.properties ? Object.keys(schema.properties) : [];
  return [...own, ...Object.values(schema).flatMap(propertiesIn)];
};

type Definition = {
  title?: string;
  const?: string;
  enum?: (string | null)[];
  properties?: Record<string, Definition>;
};

const definitionsIn = (schema: unknown) => (schema as { $defs: Record<string, Definition> }).$defs;

const valuesOf = (schema: Definition = {}) =>
  (schema.enum ?? [schema.const]).filter((value) => typeof value === 'string');

describe("An event of the shop's own functions", () => {
  test.each(catalog.filter(({ channel }) => channel !== 'topic'))('has no personal data: $type', ({ type }) => {
    const personal = ['customer', 'phone', 'locale', 'token'];
    expect(propertiesIn(published(type)).filter((name) => personal.includes(name))).toEqual([]);
  });

  test('tells of a payment its kind and reference alone', () => {
    expect(definitionsIn(published('shop.order.confirmed.v1')).PaymentMethod?.properties).toEqual({
      kind: expect.anything(),
      reference: expect.anything(),
    });
    const withPayment = catalog.filter(({ type }) => propertiesIn(published(type)).includes('payment'));
    expect(withPayment.map(({ type }) => type)).toEqual([
      'shop.order.placed.v1',
      'shop.order.confirmed.v1',
      'shop.order.reconciliation-due.v1',
    ]);
  });

  test('knows every kind of payment that a placed order may have', () => {
    const ofOrders = Object.values(definitionsIn(published('shop.order.placed.v1'))).flatMap(({ title, properties }) =>
      title?.includes('Payment') ? valuesOf(properties?.kind) : [],
    );
    const ofConfirmed = valuesOf(definitionsIn(published('shop.order.confirmed.v1')).PaymentKind);
    expect(ofOrders).toHaveLength(5);
    expect(ofConfirmed.toSorted()).toEqual(ofOrders.toSorted());
  });

  test("is different from a publisher's order, which has a phone number and a token", () => {
    expect(propertiesIn(published('shop.order.placed.v1'))).toEqual(expect.arrayContaining(['phone', 'token']));
  });
});

test('Personal members are left out wherever they are, whatever they hold, and nothing else is', () => {
  const personal = Object.fromEntries(PERSONAL_MEMBERS.map((name) => [name, { id: 'customer-77', list: [1] }]));
  const rest = { orderId: 'o-1', total: { amount: 1, currency: 'KRW' }, none: null, texts: ['phone'] };
  const event = { ...personal, ...rest, items: [{ ...personal, sku: 'KB-01' }, 7], parcel: { ...personal } };
  expect(withoutPersonalMembers(event)).toEqual({ ...rest, items: [{ sku: 'KB-01' }, 7], parcel: {} });
});
