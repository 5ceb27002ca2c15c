import { describe, expect, test } from 'vitest';
import { computeWork, estimateDrain, type HourlyMetrics } from '../../../ops/pause/drain.ts';
import { type Backlog, isUrgent, pauseMoments } from '../../../ops/pause/moments.ts';
import { undecidedSince } from '../../../ops/status/paused.ts';
import type { WaitingOrder } from '../../../ops/status/waiting.ts';

const pause = { by: 'jane', since: '2026-11-20T00:00:00.000Z', reason: 'charges twice' };
const now = new Date('2026-11-21T00:00:00.000Z');
const HOUR = 3_600;
const DEADLINE = 48 * HOUR;

const momentsOf = (backlog: Partial<Backlog>, consumer = 'payment') =>
  pauseMoments(
    consumer,
    pause,
    {
      messages: 10,
      oldestSeconds: 10 * HOUR,
      waitedSeconds: 0,
      drainSeconds: 0,
      undecidedSince: undefined,
      ...backlog,
    },
    DEADLINE,
    now,
  );

describe('The moment to resume a consumer by', () => {
  test('is an hour before its oldest message has waited for seven days', () => {
    expect(momentsOf({}).resumeBy).toBe('2026-11-27T13:00:00.000Z');
  });

  test('leaves the time that the backlog takes', () => {
    expect(momentsOf({ drainSeconds: 2 * HOUR }).resumeBy).toBe('2026-11-27T11:00:00.000Z');
    expect(momentsOf({ drainSeconds: null }).resumeBy).toBe('2026-11-27T13:00:00.000Z');
  });

  test('goes by the beginning of the pause where nobody knows how old the oldest message is', () => {
    expect(momentsOf({ oldestSeconds: null }).resumeBy).toBe('2026-11-26T23:00:00.000Z');
  });

  test('goes by what was retried before the pause where SQS no longer counts that into the age', () => {
    expect(momentsOf({ waitedSeconds: 50 * HOUR }).resumeBy).toBe('2026-11-24T21:00:00.000Z');
    expect(momentsOf({ oldestSeconds: 90 * HOUR, waitedSeconds: HOUR }).resumeBy).toBe('2026-11-24T05:00:00.000Z');
  });

  test('is none while nothing waits', () => {
    expect(momentsOf({ messages: 0 })).toEqual({ resumeBy: null, ordersCancelledFrom: null });
  });
});

describe('The moment from which orders are cancelled', () => {
  test('is when the oldest undecided order reaches the deadline of the sweep', () => {
    expect(momentsOf({ undecidedSince: '2026-11-20T05:00:00.000Z' }).ordersCancelledFrom).toBe(
      '2026-11-22T05:00:00.000Z',
    );
  });

  test('is none where no order waits for the consumer', () => {
    expect(momentsOf({}).ordersCancelledFrom).toBeNull();
    expect(momentsOf({}, 'shipping').ordersCancelledFrom).toBeNull();
  });

  test('goes by the oldest message of order, whose orders are not in the table yet', () => {
    expect(momentsOf({}, 'order').ordersCancelledFrom).toBe('2026-11-22T14:00:00.000Z');
  });

  test.each([
    ['payment', '2026-11-20T02:00:00.000Z'],
    ['stock', '2026-11-20T01:00:00.000Z'],
    ['outcomes', '2026-11-20T01:00:00.000Z'],
    ['notification', undefined],
    ['order', undefined],
  ])('counts the orders that wait for %s', (consumer, since) => {
    const order = (hour: number, waitsFor: WaitingOrder['waitsFor']): WaitingOrder => ({
      orderId: `o-${hour}`,
      since: `2026-11-20T0${hour}:00:00.000Z`,
      waitsFor,
    });
    const waiting = [order(0, 'its decision to be carried out'), order(1, 'stock'), order(2, 'payment and stock')];
    expect(undecidedSince(consumer, waiting)).toBe(since);
  });
});

test.each([
  [13, null, false],
  [11, null, true],
  [-1, null, true],
  [100, 11, true],
  [null, null, false],
])('A pause that does harm in %s or %s hours is urgent: %s', (resumeIn, cancelledIn, urgent) => {
  const at = (hours: number | null) =>
    hours === null ? null : new Date(now.getTime() + hours * HOUR * 1_000).toISOString();
  expect(isUrgent({ resumeBy: at(resumeIn), ordersCancelledFrom: at(cancelledIn) }, now)).toBe(urgent);
});

describe('What a consumer did before a pause', () => {
  const at = (hour: number, value: number) => ({ time: new Date(`2026-11-20T0${hour}:00:00Z`), value });
  const until = new Date('2026-11-20T05:30:00Z');
  const metrics: HourlyMetrics = {
    done: [at(1, 90), at(5, 10)],
    retried: [at(4, 3)],
    deadlettered: [at(2, 2)],
    took: [at(1, 20_000), at(4, 1_000)],
    waited: [at(1, 9e6), at(4, 60_000), at(5, 5_000)],
  };

  test('is every message that it handled, whatever came of it, and the time of its batches', () => {
    expect(computeWork(metrics, until)).toMatchObject({ messages: 105, seconds: 21 });
  });

  test('includes the longest wait of the last hours, only where something was retried in them', () => {
    expect(computeWork(metrics, until).waitedSeconds).toBe(60);
    expect(computeWork({ ...metrics, retried: [at(1, 3)] }, until).waitedSeconds).toBe(0);
  });

  test('is nothing where nothing was measured', () => {
    const none = { done: [], retried: [], deadlettered: [], took: [], waited: [] };
    expect(computeWork(none, until)).toEqual({ messages: 0, seconds: 0, waitedSeconds: 0 });
  });
});

describe('How long a backlog takes', () => {
  test('is the average time of a message, shared by the functions that may run at once', () => {
    expect(estimateDrain(1_000, { messages: 50, seconds: 10 }, 4)).toBe(50);
    expect(estimateDrain(1, { messages: 50, seconds: 10 }, 4)).toBe(1);
  });

  test('is unknown where nothing was measured, and nothing where nothing waits', () => {
    expect(estimateDrain(1, { messages: 0, seconds: 0 }, 4)).toBeNull();
    expect(estimateDrain(1, { messages: 5, seconds: 1 }, undefined)).toBeNull();
    expect(estimateDrain(0, { messages: 0, seconds: 0 }, 4)).toBe(0);
  });
});
