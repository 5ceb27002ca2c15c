import type { ErrorObject } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { orderCancelRequested, orderPlaced, orderRefundRequested, orderShipped } from '../../contracts/order.ts';
import { ContractError, type Problem, parseEvent } from '../../contracts/parse.ts';
import { RFC_3339_PATTERN } from '../../contracts/time.ts';
import { KEYBOARD, placed, priced } from '../builders/events.ts';
import { mutationsOf, singleMutationsOf } from '../builders/mutations.ts';
import { published, publishedSchemaErrors } from '../builders/published-schemas.ts';
import { wholeOrders } from '../builders/whole-orders.ts';

/**
 * Members of which the schema says what to send while the parser reads anything else as absent, because they matter to no money
 * and no goods. A line's SKU is one where `tracked` is false.
 */
const ADVISORY = [
  /^subject\b/,
  /^traceparent\b/,
  /^tracestate\b/,
  /^data\.customer\b/,
  /^data\.orderNumber\b/,
  /^data\.charges\[\d+\]\.label\b/,
];
const ADVISORY_OF: Record<string, RegExp[]> = {
  [orderCancelRequested.type]: [/^data\.reason\b/],
  [orderShipped.type]: [/^data\.(items|parcel)\b/],
  [orderRefundRequested.type]: [/^data\.reason\b/],
};

/** What the parser refuses and JSON Schema cannot say. */
const UNSAYABLE = [
  /^data\.total\.amount: must be .*, the sum of the items/,
  /^data\.items: must be of at most 99 SKUs/,
  /^data\.payment: is missing \(only an order with the total 0 needs none\)/,
  /must be valid Unicode, without lone surrogates, U\+FFFE and U\+FFFF$/,
];
const RFC_3339 = new RegExp(RFC_3339_PATTERN);
const TIME_PROBLEM = /^must be an RFC 3339 timestamp/;

/** Members that the stack always sends: its schemas promise them, and the parser does not insist on them. */
const ALWAYS_SENT = /^(specversion|time|subject|datacontenttype)$/;

function parserProblems(contract: EventContract, event: unknown): readonly Problem[] {
  try {
    parseEvent(JSON.stringify(event), [contract]);
    return [];
  } catch (error) {
    if (error instanceof ContractError) return error.problems;
    throw error;
  }
}

const pathOf = ({ instancePath, keyword, params }: ErrorObject) =>
  [instancePath, ...(keyword === 'required' ? [`/${params.missingProperty}`] : [])]
    .join('')
    .slice(1)
    .replaceAll('~1', '/')
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');

/** Returns the schema's errors at members that are not advisory, as `path keyword`. */
function schemaErrors({ type, sentBy }: EventContract, event: unknown): string[] {
  const untracked = untrackedLines(event);
  const isAdvisory = (path: string) =>
    [...ADVISORY, ...(ADVISORY_OF[type] ?? [])].some((pattern) => pattern.test(path)) ||
    untracked.some((index) => path === `data.items[${index}].sku`);
  return publishedSchemaErrors(type, event)
    .filter((error) => !isAdvisory(pathOf(error)))
    .filter((error) => sentBy === 'services' || error.keyword !== 'required' || !ALWAYS_SENT.test(pathOf(error)))
    .map((error) => `${pathOf(error)} ${error.keyword}`);
}

function untrackedLines(event: unknown): number[] {
  const items: unknown = (event as { data?: { items?: unknown } }).data?.items;
  return Array.isArray(items) ? [...items.keys()].filter((index) => items[index]?.tracked === false) : [];
}

/** Returns a copy of an event with a valid time at each of `paths`. */
function withValidTimes(event: unknown, paths: readonly string[]): unknown {
  const copy = structuredClone(event);
  for (const path of paths) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    // biome-ignore lint/suspicious/noExplicitAny: an event under change has no type
    keys.reduce((at: any, key) => at[key], copy)[last] = '2026-11-26T09:00:00Z';
  }
  return copy;
}

const valueAt = (event: unknown, path: string) =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], event);

/**
 * Asserts that schema and parser agree on everything but what is listed above, and on the calendar, which depends on how much of it
 * the format `date-time` covers. Returns whether the parser accepts.
 */
function expectSameJudgement(contract: EventContract, event: unknown): boolean {
  const problems = parserProblems(contract, event);
  const notInCalendar = problems
    .filter(({ path, problem }) => TIME_PROBLEM.test(problem) && RFC_3339.test(String(valueAt(event, path))))
    .map(({ path }) => path);
  const sayable = problems.filter(
    ({ path, problem }) =>
      !notInCalendar.includes(path) && !UNSAYABLE.some((pattern) => pattern.test(`${path}: ${problem}`)),
  );
  const errors = schemaErrors(contract, withValidTimes(event, notInCalendar));
  if ((errors.length === 0) !== (sayable.length === 0)) expect.fail(JSON.stringify({ problems, errors, event }));
  return problems.length === 0;
}

/** Removes nulls: the stack sends none, and its schemas allow none. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, member: unknown) => (member === null ? undefined : member));

const PAYMENTS = [
  { token: 't' },
  { kind: 'token', token: 't' },
  { kind: 'captured', reference: 'r' },
  { kind: 'authorized', reference: 'r' },
  { kind: 'on-delivery' },
  { kind: 'awaited', until: '2026-11-26T09:00:00Z' },
];

const samples = catalog.map(
  (contract) => [contract.type, contract, published.get(contract.type)?.examples?.[0]] as const,
);

describe('The published schema and the parser agree', () => {
  test('on every valid order: platforms’ charges, payments, lines, customers, times and nulls', () => {
    fc.assert(
      fc.property(wholeOrders, (order) => {
        expect(parserProblems(orderPlaced, order)).toEqual([]);
        expectSameJudgement(orderPlaced, order);
      }),
      { numRuns: 300 },
    );
  });

  test('on orders of which any members are changed or removed', () => {
    let accepted = 0;
    const changed = wholeOrders.chain(mutationsOf);
    fc.assert(
      fc.property(changed, (order) => {
        if (expectSameJudgement(orderPlaced, order)) accepted += 1;
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(450);
  });

  test.each(samples)('on %s, and with each member removed or at and beyond each limit', (_, contract, sample) => {
    const judge = (event: object) =>
      expectSameJudgement(contract, contract.sentBy === 'stack' ? withoutNulls(event) : event);
    expect(judge(sample as object)).toBe(true);
    for (const changed of singleMutationsOf(sample as object)) judge(changed);
  });

  test.each(PAYMENTS)('on an order paid by %j, and with each member removed or at and beyond each limit', (payment) => {
    const order = {
      ...placed(),
      data: { ...placed().data, payment, charges: [{ kind: 'fee', amount: 0, label: 'x' }] },
    };
    for (const changed of singleMutationsOf(order)) expectSameJudgement(orderPlaced, changed);
  });

  test.each(['😀', 'a', '한'])('on lengths, which are counted in code points: %s', (unit) => {
    for (const member of ['id', 'source']) {
      const withLength = (length: number) => ({ ...placed(), [member]: unit.repeat(length) });
      expect(expectSameJudgement(orderPlaced, withLength(200))).toBe(true);
      expect(expectSameJudgement(orderPlaced, withLength(256))).toBe(true);
      expect(expectSameJudgement(orderPlaced, withLength(257))).toBe(false);
    }
  });

  test.each([
    { subject: '' },
    { traceparent: '' },
    { tracestate: '' },
    { data: { ...placed().data, customer: { phone: 7 } } },
    { data: { ...placed().data, orderNumber: 'a b' } },
    { data: { ...placed().data, charges: [{ kind: 'fee', amount: 0, label: {} }] } },
    { data: { ...placed().data, items: [KEYBOARD, { sku: '', quantity: 1, unitPrice: 0, tracked: false }] } },
  ])('except on what matters to no money and no goods: %j', (change) => {
    const order = { ...placed(), ...change };
    expect(parserProblems(orderPlaced, order)).toEqual([]);
    expect(publishedSchemaErrors(orderPlaced.type, order)).not.toEqual([]);
    expect(schemaErrors(orderPlaced, order)).toEqual([]);
  });

  test.each([
    ['the sum', { total: { amount: 1, currency: 'KRW' } }],
    ['the number of SKUs', { items: Array.from({ length: 100 }, (_, index) => priced(`S-${index}`, 1, 120)) }],
    ['whether there is anything to pay', { payment: undefined }],
    ['valid Unicode', { payment: { token: '\ud800' } }],
  ])('except on what JSON Schema cannot say: %s', (_, change) => {
    const order = JSON.parse(JSON.stringify({ ...placed(), data: { ...placed().data, ...change } }));
    expect(parserProblems(orderPlaced, order)).toHaveLength(1);
    expect(publishedSchemaErrors(orderPlaced.type, order)).toEqual([]);
    expect(expectSameJudgement(orderPlaced, order)).toBe(false);
  });
});
