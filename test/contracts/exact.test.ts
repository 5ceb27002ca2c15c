import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import { exact } from '../../contracts/exact.ts';
import { validOrders } from '../builders/orders.ts';

const contracts = catalog.map((contract) => {
  const file = join(import.meta.dirname, 'samples', `${contract.type}.json`);
  return { ...contract, isExact: exact(contract.schema), sample: JSON.parse(readFileSync(file, 'utf8')) as object };
});

const keys = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

/** Gives the value with something changed, left out or added at one place, wherever that is. */
function spoilt(value: unknown): fc.Arbitrary<unknown> {
  const names = keys(value);
  if (names.length === 0) return fc.oneof(fc.jsonValue(), strange);
  const given = value as Record<string, unknown>;
  const copy = (change: (copy: Record<string, unknown>) => void) => {
    const changed = structuredClone(given);
    change(changed);
    return changed;
  };
  return fc.oneof(
    strange,
    fc.constantFrom(...names).map((name) => copy((copied) => delete copied[name])),
    fc
      .tuple(fc.string(), fc.jsonValue())
      .map(([name, other]) => copy((copied) => Object.assign(copied, { [name]: other }))),
    ...names.map((name) =>
      spoilt(given[name]).map((other) => copy((copied) => Object.assign(copied, { [name]: other }))),
    ),
  );
}

const texts = ['', '\ud800', 'x'.repeat(257), 'a b', 'o-1', 'A', 'KRW', '2026-11-21T09:00:00Z', '2026-02-30', '1.0'];
const numbers = [0, -1, 1.5, 100_001, 1e12 + 1];
const strangeValues: readonly unknown[] = [...texts, ...numbers, true, null, {}, [], ['x'], { amount: 1 }];
const strange = fc.constantFrom(...strangeValues);

/** Gives the value again and again, with each strange value at each place of it. */
function* spoiltEverywhere(value: unknown): Generator<unknown> {
  yield* strangeValues;
  for (const name of keys(value)) {
    for (const other of spoiltEverywhere((value as Record<string, unknown>)[name])) {
      yield Object.assign(structuredClone(value) as object, { [name]: other });
    }
  }
}

describe('A message that is recognised', () => {
  test.each(contracts)('is what the schema of $type makes of it', ({ schema, isExact, sample }) => {
    const look = (made: unknown) => {
      const value: unknown = JSON.parse(JSON.stringify(made));
      if (!isExact(value)) return;
      const result = v.safeParse(schema, value);
      expect(result.success, JSON.stringify(value)).toBe(true);
      expect(result.output).toEqual(value);
    };
    for (const value of spoiltEverywhere(sample)) look(value);
    fc.assert(fc.property(spoilt(sample), look), { numRuns: 500 });
  });

  test.each(contracts)('is the sample of $type', ({ isExact, sample }) => {
    expect(isExact(sample)).toBe(true);
  });

  test('is any order whose total is the sum of its items', () => {
    const placed = contracts.find(({ type }) => type === 'shop.order.placed.v1');
    fc.assert(
      fc.property(validOrders, (order) => {
        expect(placed?.isExact(order)).toBe(true);
        expect(
          placed?.isExact({ ...order, data: { ...order.data, total: { ...order.data.total, amount: 1_234_567 } } }),
        ).toBe(order.data.total.amount === 1_234_567);
      }),
    );
  });
});

describe('Not recognised, so that valibot decides,', () => {
  test.each<[string, v.GenericSchema, unknown]>([
    ['is what has more than the schema says', v.object({ id: v.string() }), { id: 'x', more: 1 }],
    ['is what wants a default', v.object({ id: v.optional(v.string(), 'x') }), {}],
    ['is a kind of schema nobody has thought of', v.union([v.string(), v.number()]), 'x'],
    ['is such a one within others', v.object({ id: v.array(v.nullable(v.string())) }), { id: ['x'] }],
    ['is a check nobody has thought of', v.pipe(v.string(), v.startsWith('x')), 'x'],
    ['is what is changed on the way', v.pipe(v.string(), v.trim()), 'x'],
    ['is a pattern that keeps its place', v.pipe(v.string(), v.regex(/x/g)), 'x'],
  ])('%s', (_, schema, value) => {
    expect(exact(schema)(value)).toBe(false);
    expect(v.is(schema, value)).toBe(true);
  });
});
