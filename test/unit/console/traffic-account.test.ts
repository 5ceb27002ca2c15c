import { describe, expect, test } from 'vitest';
import type { DrillSummary, LoadSummary } from '../../../ops/console/api/traffic.ts';
import { drillSums, loadSums, splitAtOrders } from '../../../ops/console/pages/traffic/account.ts';

const load: LoadSummary = {
  sku: 'load-1',
  published: 100,
  decided: 100,
  confirmed: 95,
  cancelled: 5,
  undecided: 0,
  errors: 0,
  errorRate: 0,
  cancellationsAfterConfirmation: { asked: 2, done: 2 },
  partialRefunds: { asked: 2, done: 2 },
  bookProblems: [],
  deadLetters: 0,
  seconds: 12,
  rate: { asked: 10, reached: 10, lateMs: 0 },
  throughput: 9,
  latency: { p50: 300, p95: 800, p99: 1_000 },
  interrupted: false,
};

const drill: DrillSummary = {
  accepted: 30,
  confirmed: 28,
  cancelled: 2,
  cancelledAfterConfirmation: 1,
  refundedInPart: 1,
  waiting: 0,
  deadLettered: 0,
  authorized: 29,
  captured: 29,
  voided: 0,
  refunded: 2,
  reserved: 0,
  sold: 28,
  available: 3,
  texts: 32,
  medians: {
    before: { placedToReserved: 200, cancelledToText: undefined },
    during: { placedToReserved: 210, cancelledToText: 300 },
    after: { placedToReserved: 190, cancelledToText: undefined },
  },
  waitingOrders: [],
  problems: [],
};

const wrongIn = (sums: ReturnType<typeof drillSums>) => sums.filter(({ agrees }) => !agrees).map(({ what }) => what);

describe('The account of a load', () => {
  test('has each published order in one part of the sum', () => {
    const [published] = loadSums(load);
    expect(published).toEqual({
      what: 'published',
      count: 100,
      agrees: true,
      parts: [
        { what: 'confirmed', count: 95 },
        { what: 'cancelled', count: 5 },
        { what: 'undecided', count: 0 },
      ],
    });
    expect(wrongIn(loadSums(load))).toEqual([]);
  });

  test('names what is undecided, refused or dead-lettered', () => {
    const result = { ...load, decided: 99, confirmed: 94, undecided: 1, errors: 3, deadLetters: 1 };
    expect(wrongIn(loadSums(result))).toEqual(['published', 'refused', 'deadLetters']);
    expect(loadSums(result).find(({ what }) => what === 'refused')?.count).toBe(2);
  });

  test('that was stopped has undecided orders, and nothing wrong with that', () => {
    const result = { ...load, confirmed: 40, decided: 45, undecided: 55, interrupted: true };
    expect(wrongIn(loadSums(result))).toEqual([]);
    expect(wrongIn(loadSums({ ...result, undecided: 54 }))).toEqual(['published']);
  });
});

describe('The account of a drill', () => {
  test('adds up where each order, payment and piece has a place', () => {
    expect(wrongIn(drillSums(drill))).toEqual([]);
  });

  test.each<[Partial<DrillSummary>, string]>([
    [{ confirmed: 27, sold: 27 }, 'accepted'],
    [{ captured: 28 }, 'authorized'],
    [{ sold: 29 }, 'sold'],
    [{ reserved: 1 }, 'reserved'],
    [{ waiting: 1 }, 'waiting'],
    [{ deadLettered: 1 }, 'deadLetters'],
  ])('%o does not', (change, what) => {
    expect(wrongIn(drillSums({ ...drill, ...change }))).toEqual([what]);
  });
});

test('A sentence is split at the orders that it names', () => {
  expect(splitAtOrders('1 message waits, of orders drill-0a1b2c3d-7, o-1')).toEqual([
    { text: '1 message waits, of orders ' },
    { text: 'drill-0a1b2c3d-7', orderId: 'drill-0a1b2c3d-7' },
    { text: ', o-1' },
  ]);
  expect(splitAtOrders('load-0a1b2c3d-12')).toEqual([{ text: 'load-0a1b2c3d-12', orderId: 'load-0a1b2c3d-12' }]);
});
