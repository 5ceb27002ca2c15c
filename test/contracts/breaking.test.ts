import { isDeepStrictEqual } from 'node:util';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakingChanges } from '../../ops/contracts/breaking.ts';
import type { JsonSchema } from '../../ops/contracts/json-schema.ts';
import { near, relaxed, schemas, valuesOf } from '../builders/json-schemas.ts';

const event = (source: JsonSchema, data: JsonSchema): JsonSchema => ({
  title: 'shop.thing.happened.v1',
  'x-channel': 'bus',
  type: 'object',
  properties: { source, data },
  required: ['source', 'data'],
});
const fromOthers = (data: JsonSchema) => event({ type: 'string' }, data);
const ours = (data: JsonSchema) => event({ const: '/shop/thing' }, data);

const order: JsonSchema = {
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 40, pattern: '^o-' },
    note: { type: 'string' },
    locale: { type: 'string', default: 'en' },
    reason: { enum: ['customer', 'timed-out'] },
    items: {
      type: 'array',
      minItems: 1,
      items: { type: 'object', properties: { quantity: { type: 'integer', minimum: 1 } }, required: ['quantity'] },
    },
  },
  required: ['id', 'items'],
};

// biome-ignore lint/suspicious/noExplicitAny: a schema under change has no type
type Change = (data: any) => void;

function found(change: Change, as: (data: JsonSchema) => JsonSchema): string[] {
  const data = structuredClone(order);
  change(data);
  return breakingChanges(as(order), as(data)).map(({ field, rule }) => `${field}: ${rule}`);
}

const breaks: [string, Change][] = [
  ['data.note: field removed', ({ properties }) => delete properties.note],
  ['data.items[].quantity: field removed', ({ properties }) => delete properties.items.items.properties.quantity],
  ['data.note: type narrowed', ({ properties }) => Object.assign(properties.note, { type: 'integer' })],
  ['data.note: type narrowed', ({ properties }) => Object.assign(properties.note, { enum: ['a', 'b'] })],
  ['data.note: required added', ({ required }) => required.push('note')],
  [
    'data.gift: required added',
    (data) => {
      data.properties.gift = { type: 'boolean' };
      data.required.push('gift');
    },
  ],
  ['data.reason: enum shrunk', ({ properties }) => properties.reason.enum.pop()],
  ['data.id: limit tightened', ({ properties }) => Object.assign(properties.id, { maxLength: 39 })],
  [
    'data.items[].quantity: limit tightened',
    ({ properties }) => Object.assign(properties.items.items.properties.quantity, { minimum: 2 }),
  ],
  ['data.note: limit tightened', ({ properties }) => Object.assign(properties.note, { pattern: '^[a-z]' })],
  ['data: limit tightened', (data) => Object.assign(data, { additionalProperties: false })],
  ['data.id: limit changed', ({ properties }) => Object.assign(properties.id, { pattern: '^order-' })],
  ['data.locale: default changed', ({ properties }) => Object.assign(properties.locale, { default: 'ko' })],
];

describe('Of any published event, this breaks', () => {
  test.each(breaks)('%s', (finding, change) => {
    expect(found(change, fromOthers)).toEqual([finding]);
    expect(found(change, ours)).toEqual([finding]);
  });

  test('that it is gone', () => {
    expect(breakingChanges(fromOthers(order), undefined)).toEqual([
      { event: 'shop.thing.happened.v1', field: '', rule: 'event removed' },
    ]);
  });

  test('that it travels elsewhere', () => {
    expect(breakingChanges(ours(order), { ...ours(order), 'x-channel': 'topic' })).toEqual([
      { event: 'shop.thing.happened.v1', field: '', rule: 'channel changed' },
    ]);
  });

  test('that one of several types is no longer taken', () => {
    const before = { anyOf: [{ type: 'string' }, { type: 'null' }] };
    expect(breakingChanges(fromOthers(before), fromOthers({ type: 'string' }))).toMatchObject([
      { field: 'data', rule: 'type narrowed' },
    ]);
    expect(breakingChanges(fromOthers({ type: 'string' }), fromOthers(before))).toEqual([]);
  });
});

const widenings: [string, Change][] = [
  [
    'data.items[].quantity: type widened',
    ({ properties }) => Object.assign(properties.items.items.properties.quantity, { type: 'number' }),
  ],
  ['data.reason: enum grown', ({ properties }) => properties.reason.enum.push('fraud')],
  ['data.id: required dropped', ({ required }) => required.shift()],
  ['data.id: limit loosened', ({ properties }) => Object.assign(properties.id, { maxLength: 41 })],
  ['data.id: limit loosened', ({ properties }) => delete properties.id.pattern],
];

describe("Of the shop's own events this breaks too, of others' it does not", () => {
  test.each(widenings)('%s', (finding, change) => {
    expect(found(change, ours)).toEqual([finding]);
    expect(found(change, fromOthers)).toEqual([]);
  });
});

describe('This breaks nothing', () => {
  const compatible: [string, Change][] = [
    ['a new optional field', ({ properties }) => Object.assign(properties, { gift: { type: 'boolean' } })],
    ['another description', ({ properties }) => Object.assign(properties.note, { description: 'Words.' })],
    ['another order of the fields', (data) => data.required.reverse()],
  ];
  test.each(compatible)('%s', (_, change) => {
    expect(found(change, ours)).toEqual([]);
    expect(found(change, fromOthers)).toEqual([]);
  });

  test('any schema as it is', () => {
    fc.assert(
      fc.property(schemas, (data) => {
        expect(breakingChanges(ours(data), ours(data))).toEqual([]);
      }),
    );
  });

  test("any relaxation of others' event", () => {
    const pairs = schemas.chain((data) => fc.tuple(fc.constant(data), relaxed(data)));
    fc.assert(
      fc.property(pairs, ([data, now]) => {
        expect(breakingChanges(fromOthers(data), fromOthers(now))).toEqual([]);
      }),
    );
  });
});

describe('Where nothing is said to break, nothing does', () => {
  const ajv = new Ajv({ strict: false });
  const pairs = schemas
    .chain((data) => fc.tuple(fc.constant(data), near(data)))
    .filter(([data, now]) => !isDeepStrictEqual(data, now));

  test('whatever was right stays right', () => {
    let compatible = 0;
    const triples = pairs.chain(([data, now]) => fc.tuple(fc.constant(data), fc.constant(now), valuesOf(data)));
    fc.assert(
      fc.property(triples, ([data, now, value]) => {
        if (breakingChanges(fromOthers(data), fromOthers(now)).length > 0) return;
        compatible += 1;
        expect(ajv.validate(now, value), ajv.errorsText()).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(compatible).toBeGreaterThan(0);
  });

  test('whatever the shop sends from now on is what its readers were told of', () => {
    let compatible = 0;
    const triples = pairs.chain(([data, now]) => fc.tuple(fc.constant(data), fc.constant(now), valuesOf(now)));
    fc.assert(
      fc.property(triples, ([data, now, value]) => {
        if (breakingChanges(ours(data), ours(now)).length > 0) return;
        compatible += 1;
        expect(ajv.validate(data, value), ajv.errorsText()).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(compatible).toBeGreaterThan(0);
  });
});
