import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakingChanges } from '../../ops/contracts/breaking.ts';
import { extractDefinitions, inlineDefinitions } from '../../ops/contracts/definitions.ts';
import type { JsonSchema } from '../../ops/contracts/json-schema.ts';
import { allowNulls } from '../../ops/contracts/nullable.ts';
import { modifiedSchema, relaxedSchema, schemas, validValuesOf, withTitles } from '../builders/json-schemas.ts';

const event = (sentBy: 'stack' | 'services', data: JsonSchema): JsonSchema => ({
  title: 'shop.thing.happened.v1',
  'x-channel': 'bus',
  'x-sent-by': sentBy,
  type: 'object',
  properties: { source: { type: 'string' }, data },
  required: ['source', 'data'],
});
const publisherEvent = (data: JsonSchema) => event('services', data);
const ownEvent = (data: JsonSchema) => event('stack', data);

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

function breaksOf(change: Change, as: (data: JsonSchema) => JsonSchema): string[] {
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

describe('A breaking change of any published event', () => {
  test.each(breaks)('is reported: %s', (finding, change) => {
    expect(breaksOf(change, publisherEvent)).toEqual([finding]);
    expect(breaksOf(change, ownEvent)).toEqual([finding]);
  });

  test('is the removal of an event', () => {
    expect(breakingChanges(publisherEvent(order), undefined)).toEqual([
      { event: 'shop.thing.happened.v1', field: '', rule: 'event removed' },
    ]);
  });

  test('is another channel', () => {
    expect(breakingChanges(ownEvent(order), { ...ownEvent(order), 'x-channel': 'topic' })).toEqual([
      { event: 'shop.thing.happened.v1', field: '', rule: 'channel changed' },
    ]);
  });

  test('is a removed type of several', () => {
    const before = { anyOf: [{ type: 'string' }, { type: 'null' }] };
    expect(breakingChanges(publisherEvent(before), publisherEvent({ type: 'string' }))).toMatchObject([
      { field: 'data', rule: 'type narrowed' },
    ]);
    expect(breakingChanges(publisherEvent({ type: 'string' }), publisherEvent(before))).toEqual([]);
  });
});

describe('A schema with definitions', () => {
  const titled = (schema: JsonSchema) => withTitles(structuredClone(schema));
  const pairs = schemas.chain((data) => fc.tuple(fc.constant(data), modifiedSchema(data)));

  test('is compared as if each stood where it is referred to', () => {
    let breaking = 0;
    fc.assert(
      fc.property(pairs, ([data, now]) => {
        const [before, after] = [ownEvent(titled(data)), ownEvent(titled(now))];
        const found = breakingChanges(before, after);
        breaking += found.length;
        expect(breakingChanges(extractDefinitions(before), extractDefinitions(after))).toEqual(found);
        expect(inlineDefinitions(extractDefinitions(before))).toEqual(before);
      }),
    );
    expect(breaking).toBeGreaterThan(0);
  });

  test('names the field behind a reference, an alternative to null, and a kind of several', () => {
    const text = { type: 'string' };
    const kind = (title: string, members: Record<string, JsonSchema>) => ({
      title,
      type: 'object',
      properties: members,
    });
    const withKinds = (...kinds: JsonSchema[]) =>
      extractDefinitions(
        publisherEvent(allowNulls({ type: 'object', properties: { pay: { title: 'Pay', anyOf: kinds } } })),
      );
    const cash = kind('Cash', {});
    const before = withKinds(kind('Card', { token: text }), cash);
    const fieldsOf = (now: JsonSchema) => breakingChanges(before, now).map(({ field, rule }) => `${field}: ${rule}`);
    expect(fieldsOf(withKinds(cash, kind('Card', {})))).toEqual(['data.pay.token: field removed']);
    expect(fieldsOf(withKinds(kind('Card', { token: { ...text, maxLength: 9 } }), cash))).toEqual([
      'data.pay.token: limit tightened',
    ]);
    expect(fieldsOf(withKinds(cash))).toEqual(['data.pay: type narrowed']);
    expect(fieldsOf(withKinds(cash, kind('Card', { token: text }), kind('Cheque', {})))).toEqual([]);
  });

  test('cannot refer to what is not there, or to itself, or have one title for two types', () => {
    const withRef = (definition?: JsonSchema) => ({
      ...publisherEvent({ $ref: '#/$defs/A' }),
      ...(definition && { $defs: { A: definition } }),
    });
    expect(() => breakingChanges(withRef(), withRef())).toThrow('The reference #/$defs/A cannot be resolved.');
    const loop = withRef({ type: 'array', items: { $ref: '#/$defs/A' } });
    expect(() => breakingChanges(loop, loop)).toThrow('cannot be resolved');
    const two = {
      type: 'object',
      properties: { a: { title: 'A', type: 'string' }, b: { title: 'A', type: 'number' } },
    };
    expect(() => extractDefinitions(two)).toThrow('Two different schemas have the title "A".');
  });
});

describe('Nulls for absent members', () => {
  test("may be allowed in another publisher's event and no longer be refused", () => {
    fc.assert(
      fc.property(schemas, (data) => {
        expect(breakingChanges(publisherEvent(data), publisherEvent(allowNulls(data)))).toEqual([]);
      }),
    );
    const member: JsonSchema = { type: 'object', properties: { note: { type: 'string' } } };
    const finding = [{ field: 'data.note', rule: 'type narrowed' }];
    expect(breakingChanges(publisherEvent(allowNulls(member)), publisherEvent(member))).toMatchObject(finding);
    expect(breakingChanges(ownEvent(member), ownEvent(allowNulls(member)))).toMatchObject([
      { field: 'data.note', rule: 'type widened' },
    ]);
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

describe("A widening breaks the shop's own events and not those of other publishers", () => {
  test.each(widenings)('%s', (finding, change) => {
    expect(breaksOf(change, ownEvent)).toEqual([finding]);
    expect(breaksOf(change, publisherEvent)).toEqual([]);
  });
});

describe('A compatible change', () => {
  const compatible: [string, Change][] = [
    ['a new optional field', ({ properties }) => Object.assign(properties, { gift: { type: 'boolean' } })],
    ['another description', ({ properties }) => Object.assign(properties.note, { description: 'Words.' })],
    ['another sequence of the fields', (data) => data.required.reverse()],
  ];
  test.each(compatible)('is not reported: %s', (_, change) => {
    expect(breaksOf(change, ownEvent)).toEqual([]);
    expect(breaksOf(change, publisherEvent)).toEqual([]);
  });

  test('includes no change at all', () => {
    fc.assert(
      fc.property(schemas, (data) => {
        expect(breakingChanges(ownEvent(data), ownEvent(data))).toEqual([]);
      }),
    );
  });

  test("includes any relaxation of another publisher's event", () => {
    const pairs = schemas.chain((data) => fc.tuple(fc.constant(data), relaxedSchema(data)));
    fc.assert(
      fc.property(pairs, ([data, now]) => {
        expect(breakingChanges(publisherEvent(data), publisherEvent(now))).toEqual([]);
      }),
    );
  });
});

describe('A change without reported breaks', () => {
  const ajv = new Ajv2020({ strict: false });
  const pairs = schemas
    .chain((data) => fc.tuple(fc.constant(data), modifiedSchema(data)))
    .filter(([data, now]) => !isDeepStrictEqual(data, now));

  test('still accepts every value that was valid before', () => {
    let compatible = 0;
    const triples = pairs.chain(([data, now]) => fc.tuple(fc.constant(data), fc.constant(now), validValuesOf(data)));
    fc.assert(
      fc.property(triples, ([data, now, value]) => {
        if (breakingChanges(publisherEvent(data), publisherEvent(now)).length > 0) return;
        compatible += 1;
        expect(ajv.validate(now, value), ajv.errorsText()).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(compatible).toBeGreaterThan(0);
  });

  test('only allows values that readers of the old schema accept', () => {
    let compatible = 0;
    const triples = pairs.chain(([data, now]) => fc.tuple(fc.constant(data), fc.constant(now), validValuesOf(now)));
    fc.assert(
      fc.property(triples, ([data, now, value]) => {
        if (breakingChanges(ownEvent(data), ownEvent(now)).length > 0) return;
        compatible += 1;
        expect(ajv.validate(data, value), ajv.errorsText()).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(compatible).toBeGreaterThan(0);
  });
});
