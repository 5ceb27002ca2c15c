import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { collectDecisions, followUpsOf, orderMessages } from '../../ops/load/orders.ts';
import { loadReport } from '../../ops/load/report.ts';
import { type LoadObservations, latencyText, loadResult, percentile } from '../../ops/load/result.ts';
import {
  type ArrivalSchedule,
  type Clock,
  dueAfterMs,
  type SendRange,
  sendOnSchedule,
} from '../../ops/load/schedule.ts';

describe('A percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  test.each([
    [50, 50],
    [95, 95],
    [99, 99],
    [100, 100],
  ])('%s of the numbers 1 to 100 is %s', (percent, value) => {
    expect(percentile(hundred, percent)).toBe(value);
  });

  test('is always one of the values, and none where there are none', () => {
    expect(percentile([10, 20], 50)).toBe(10);
    expect(percentile([10, 20], 51)).toBe(20);
    expect(percentile([7], 1)).toBe(7);
    expect(percentile([], 50)).toBeNull();
  });
});

/** Builds a clock on which time passes only while waiting: each wait ends `lag` ms late, and waits fail after `ends` ms. */
function fakeClock({ lag = 0, ends = Number.POSITIVE_INFINITY } = {}): Clock {
  let now = 1_000_000;
  return {
    now: () => now,
    waitUntil: async (time) => {
      now = Math.max(now, time) + lag;
      return now < 1_000_000 + ends;
    },
  };
}

/** Sends on a schedule and returns which orders were sent when, in milliseconds after the start. */
async function sent(schedule: ArrivalSchedule, clock: Clock, answer: SendRange = async () => undefined) {
  const start = clock.now();
  const calls: { at: number; first: number; end: number }[] = [];
  const late = await sendOnSchedule(
    schedule,
    (first, end) => {
      calls.push({ at: clock.now() - start, first, end });
      return answer(first, end);
    },
    clock,
  );
  return { calls, late };
}

describe('The schedule of a load', () => {
  test('sends every order once, in sequence, at most ten in a call', async () => {
    const { calls } = await sent({ rate: 1_000, burst: 1, count: 237 }, fakeClock());
    expect(calls[0]?.first).toBe(0);
    expect(calls.at(-1)?.end).toBe(237);
    calls.forEach(({ first, end }, index) => {
      expect(end - first).toBeLessThanOrEqual(10);
      if (index > 0) expect(first).toBe(calls[index - 1]?.end);
    });
  });

  test('does not drift, however late each wait ends', async () => {
    const schedule = { rate: 100, burst: 1, count: 1_000 };
    const { calls, late } = await sent(schedule, fakeClock({ lag: 7 }));
    expect(calls.at(-1)?.at).toBeLessThan(dueAfterMs(999, schedule) + 100);
    expect(calls.at(-1)?.at).toBeGreaterThanOrEqual(dueAfterMs(999, schedule));
    expect(late).toBeLessThan(100);
  });

  test('sends bursts at the same average rate', () => {
    const schedule = { rate: 20, burst: 100, count: 300 };
    expect([0, 99, 100, 199, 200].map((index) => dueAfterMs(index, schedule))).toEqual([0, 0, 5_000, 5_000, 10_000]);
  });

  test('does not wait for answers', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const clock = fakeClock();
    const schedule = { rate: 10, burst: 1, count: 12 };
    const running = sent(schedule, clock, () => answered);
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
    expect(clock.now()).toBeGreaterThanOrEqual(1_000_000 + dueAfterMs(11, schedule));
    answer();
    expect((await running).calls).toHaveLength(12);
  });

  test('limits the number of calls in flight', async () => {
    let [running, most] = [0, 0];
    await sent({ rate: 10_000, burst: 1_000, count: 1_000 }, fakeClock(), async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    });
    expect(most).toBe(16);
  });

  test('ends when the clock does, and when a call throws', async () => {
    const { calls } = await sent({ rate: 10, burst: 1, count: 1_000 }, fakeClock({ ends: 1_000 }));
    expect(calls.length).toBeLessThan(12);
    const failing: SendRange = async () => {
      throw new Error('the topic is gone');
    };
    await expect(sent({ rate: 10, burst: 1, count: 9 }, fakeClock(), failing)).rejects.toThrow('the topic is gone');
  });
});

describe('The orders of a load', () => {
  const mix = { run: 'load-1', sku: 'SKU-1', declined: 0.1, duplicates: 0.2, cancelled: 0.1, refunded: 0.05 };
  const all = Array.from({ length: 100 }, (_, index) =>
    orderMessages(mix, index).map((body) => parseEvent(body, [orderPlaced])),
  );

  test('keep their contract and have ids of their own', () => {
    expect(new Set(all.map(([event]) => event?.data.orderId)).size).toBe(100);
  });

  test('contain the requested shares', () => {
    expect(all.filter(([event]) => JSON.stringify(event?.data.payment).includes('tok_declined'))).toHaveLength(10);
    expect(all.filter((events) => events.length === 2)).toHaveLength(20);
    expect(all.filter(([one, other]) => other !== undefined && one?.id === other.id)).toHaveLength(10);
    expect(all.filter(([event]) => event?.data.customer?.locale === 'en')).toHaveLength(33);
  });
});

describe('What follows the confirmations of a load', () => {
  const mix = { run: 'load-1', sku: 'SKU-1', declined: 0.05, duplicates: 0.02, cancelled: 0.02, refunded: 0.05 };
  const decisions = (status: 'CONFIRMED' | 'CANCELLED') =>
    new Map(Array.from({ length: 200 }, (_, index) => [`load-1-${index}`, { status, time: 1 }] as const));

  test('is the cancellation of a share, and a refund of another', () => {
    const all = followUpsOf(mix, decisions('CONFIRMED'));
    expect(Object.groupBy(all, ({ followUp }) => followUp)).toMatchObject({
      cancellation: { length: 4 },
      refund: { length: 10 },
    });
    expect(new Set(all.map(({ order }) => order.orderId)).size).toBe(14);
  });

  test('is nothing for orders that were cancelled instead', () => {
    expect(followUpsOf(mix, decisions('CANCELLED'))).toEqual([]);
  });
});

describe('The decisions of a load', () => {
  const decided = {
    status: 'CONFIRMED' as const,
    timeline: [
      { time: '2026-11-21T09:00:00Z', type: 'shop.order.placed.v1', source: '/shop/checkout' },
      { time: '2026-11-21T09:00:02Z', type: 'shop.order.confirmed.v1', source: '/shop/order' },
    ],
  };

  test('come from the orders’ own records, and each order is polled in turn', async () => {
    const undecided = new Set(['o-1', 'o-2', 'o-3']);
    const found = await collectDecisions(undecided, async () => new Map([['o-2', decided]]));
    expect([...found]).toEqual([['o-2', { status: 'CONFIRMED', time: Date.parse('2026-11-21T09:00:02Z') }]]);
    undecided.add('o-4');
    expect([...undecided]).toEqual(['o-1', 'o-3', 'o-4']);
  });

  test('are confirmations also of orders that were cancelled since', async () => {
    const found = await collectDecisions(
      new Set(['o-1']),
      async () => new Map([['o-1', { ...decided, status: 'CANCELLED' as const }]]),
    );
    expect(found.get('o-1')?.status).toBe('CONFIRMED');
  });
});

describe('The result of a load', () => {
  const started = 10_000;
  const observations = (parts: Partial<LoadObservations> = {}): LoadObservations => ({
    sku: 'load-1',
    rate: 2,
    started,
    ended: 14_000,
    published: new Map([
      ['o-1', started],
      ['o-2', started + 500],
      ['o-3', started + 1_000],
    ]),
    decisions: new Map([
      ['o-1', { status: 'CONFIRMED', time: started + 1_500 }],
      ['o-2', { status: 'CANCELLED', time: started + 2_000 }],
      ['o-3', { status: 'CONFIRMED', time: started + 1_900 }],
    ]),
    samples: [
      { second: 0, held: { order: 0, payment: 3 } },
      { second: 1, held: { order: 2, payment: 0 } },
    ],
    rejected: 0,
    lateMs: 3,
    followUps: { cancellation: { asked: 1, done: 1 }, refund: { asked: 2, done: 1 } },
    bookProblems: [],
    deadLetters: 0,
    interrupted: false,
    ...parts,
  });

  test('is counted per order, from published to decided', () => {
    expect(loadResult(observations())).toMatchObject({
      published: 3,
      decided: 3,
      confirmed: 2,
      cancelled: 1,
      undecided: 0,
      errors: 0,
      errorRate: 0,
      throughput: 1.5,
      rate: { asked: 2, reached: 2, lateMs: 3 },
      latency: { p50: 1_500, p95: 1_500, p99: 1_500 },
      series: { publishedPerSecond: [2, 1], decidedPerSecond: [0, 2, 1] },
    });
  });

  test('has errors where orders were rejected or not decided, but not because it was interrupted', () => {
    const part = { decisions: new Map([['o-1', { status: 'CONFIRMED' as const, time: started + 1 }]]), rejected: 1 };
    expect(loadResult(observations(part))).toMatchObject({ undecided: 2, errors: 3, errorRate: 0.75 });
    expect(loadResult(observations({ ...part, interrupted: true }))).toMatchObject({ undecided: 2, errors: 1 });
  });

  test('is complete even when nothing was published', () => {
    expect(loadResult(observations({ published: new Map(), decisions: new Map() }))).toMatchObject({
      published: 0,
      throughput: null,
      errorRate: 0,
      latency: { p50: null },
    });
  });

  test('is formatted with latencies, and with the lateness of the publisher', () => {
    expect(latencyText({ latency: { p50: 312, p95: 131_000, p99: null } })).toBe('p50 312 ms, p95 131.0 s, p99 –');
    expect(loadReport(loadResult(observations({ lateMs: 4_200 })))).toContain('up to 4 s late');
    expect(loadReport(loadResult(observations()))).not.toContain('late');
  });

  test('says what became of cancellations and refunds, and whether the gateway agrees', () => {
    expect(loadReport(loadResult(observations()))).toContain(
      "1 of 1 cancelled, 1 of 2 refunded in part; as in the gateway's book",
    );
    const bookProblems = [{ orderId: 'o-1', problem: 'is CANCELLED with 1 authorizations' }];
    expect(loadReport(loadResult(observations({ bookProblems })))).toContain("1 not as in the gateway's book");
  });

  test('names the greatest backlog of each consumer', () => {
    const samples = [3, 40, 7].map((payment, second) => ({ second, held: { order: 0, payment } }));
    expect(loadReport(loadResult(observations({ samples })))).toMatch(/^payment +40$/m);
  });
});
