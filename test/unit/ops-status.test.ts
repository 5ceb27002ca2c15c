import { describe, expect, test } from 'vitest';
import { formatAge } from '../../ops/format.ts';
import { type ConsumerStatus, problemsOf, type ShopStatus, statusDocument } from '../../ops/status/health.ts';
import {
  computeMetrics,
  computePartnerMetrics,
  type Datapoint,
  type MetricQuery,
  metricQueriesFor,
  partnerQueriesFor,
} from '../../ops/status/metrics.ts';
import type { DueRefund } from '../../ops/status/refunds.ts';
import { problemSummary, statusReport } from '../../ops/status/report.ts';
import { lateOrders, MAX_WAITING_ORDERS, type WaitingOrder } from '../../ops/status/waiting.ts';

const well: ConsumerStatus = {
  name: 'payment',
  waiting: 0,
  inFlight: 0,
  delayed: 0,
  deadLetters: 0,
  oldestSeconds: 0,
  throughput: 2,
  errorRate: 0,
  breaker: 'closed',
  mapping: { enabled: true, concurrency: 10 },
  pause: undefined,
  paused: null,
  waitedSeconds: null,
  deadLettered: 0,
  functionErrors: 0,
  nextTryAt: null,
  failure: null,
};

const statusWith = (payment: Partial<ConsumerStatus> = {}, shop: Partial<ShopStatus> = {}): ShopStatus => ({
  consumers: [
    { ...well, name: 'order' },
    { ...well, ...payment },
  ],
  orders: { PLACED: 1, CONFIRMED: 1_234, CANCELLED: 0 },
  gatewayDown: false,
  late: [],
  parked: 0,
  undelivered: [],
  losses: [],
  dueRefunds: { count: 0, oldest: [] },
  oldestOrder: 'o-1',
  sweep: { nextTryAt: null, failure: null },
  ...shop,
});
const lastLine = (state: ShopStatus) => statusReport(state).split('\n').at(-1);

describe('The metrics of a consumer', () => {
  const consumer = { consumer: 'payment', queueUrl: 'http://q/000/Payment', deadLetterQueueUrl: '' };
  type Datapoints = Partial<Record<keyof ReturnType<typeof metricQueriesFor>, [minute: string, value: number][]>>;
  const metricsOf = (datapoints: Datapoints, empty = false, minute = '09:10') => {
    const now = new Date(`2026-11-21T${minute}:30Z`);
    const queries = metricQueriesFor(consumer, 'PaymentFunction');
    const given = new Map<MetricQuery, Datapoint[]>(
      Object.entries(queries).map(([key, query]) => {
        const points = datapoints[key as keyof typeof queries] ?? [];
        return [query, points.map(([minute, value]) => ({ time: new Date(`2026-11-21T${minute}:00Z`), value }))];
      }),
    );
    return computeMetrics(queries, (query) => given.get(query) ?? [], empty, now);
  };

  test('are queried by the consumer’s name and its queue’s', () => {
    const { done, age, functionErrors } = metricQueriesFor(consumer, 'PaymentFunction');
    expect(done).toMatchObject({ namespace: 'ShopMessaging', metric: 'Done', dimensions: { consumer: 'payment' } });
    expect(age.dimensions).toEqual({ QueueName: 'Payment' });
    expect(functionErrors.dimensions).toEqual({ FunctionName: 'PaymentFunction' });
  });

  test('cover the last five minutes', () => {
    const datapoints: Datapoints = {
      done: [
        ['09:10', 120],
        ['09:07', 150],
        ['09:01', 9_000],
      ],
      retried: [['09:10', 20]],
      deadLettered: [['09:09', 10]],
    };
    expect(metricsOf(datapoints)).toMatchObject({ throughput: 0.9, errorRate: 0.1, deadLettered: 10 });
  });

  test('have the longest wait of the last five minutes, whatever came of the messages', () => {
    const waited: [string, number][] = [
      ['09:01', 900_000],
      ['09:08', 40_000],
      ['09:09', 1_500],
    ];
    expect(metricsOf({ waited }).waitedSeconds).toBe(40);
  });

  test('are unknown, not zero, where CloudWatch has no data', () => {
    expect(metricsOf({})).toEqual({
      oldestSeconds: null,
      throughput: 0,
      errorRate: null,
      breaker: 'closed',
      waitedSeconds: null,
      deadLettered: 0,
      functionErrors: 0,
    });
  });

  test('use the latest age, in whatever order the datapoints come', () => {
    const age: [string, number][] = [
      ['09:08', 70],
      ['09:10', 200.4],
      ['09:09', 140],
    ];
    expect(metricsOf({ age }).oldestSeconds).toBe(200);
    expect(metricsOf({ age }, true).oldestSeconds).toBe(0);
  });

  test('include the age of retried messages, which SQS does not count', () => {
    const datapoints: Datapoints = {
      age: [['09:10', 3]],
      retried: [['09:10', 4]],
      waited: [
        ['09:09', 900_000],
        ['09:10', 600_000],
      ],
    };
    expect(metricsOf(datapoints).oldestSeconds).toBe(600);
    expect(metricsOf({ ...datapoints, retried: [['09:10', 0]] }).oldestSeconds).toBe(3);
  });

  test('age by themselves while one message waits, however long ago it was tried', () => {
    const ages = ['09:10', '09:12', '09:14', '09:15', '09:17', '09:22'].map(
      (minute) =>
        metricsOf({ age: [['09:10', 20]], retried: [['09:10', 1]], waited: [['09:10', 30_000]] }, false, minute)
          .oldestSeconds,
    );
    expect(ages).toEqual([30, 120, 240, 300, 420, 720]);
  });

  test('do not age once something has left the queue: it may have been the oldest', () => {
    const datapoints: Datapoints = { age: [['09:10', 20]], done: [['09:11', 1]] };
    expect(metricsOf(datapoints, false, '09:12').oldestSeconds).toBe(20);
    expect(metricsOf(datapoints, false, '09:17').oldestSeconds).toBeNull();
  });

  test.each([
    [[['09:09', 1]], 'open'],
    [
      [
        ['09:08', 1],
        ['09:10', 0],
      ],
      'closed',
    ],
    [
      [
        ['09:10', 0.5],
        ['09:09', 1],
      ],
      'open',
    ],
  ] as const)('take the breaker’s latest state: %j is %s', (breaker, state) => {
    expect(metricsOf({ breaker: breaker.map(([minute, value]) => [minute, value]) }).breaker).toBe(state);
  });
});

describe('The last line of the status', () => {
  test('says so when all is well', () => {
    expect(lastLine(statusWith())).toBe('All is well.');
  });

  test.each<[string, Partial<ConsumerStatus>, Partial<ShopStatus>, string]>([
    [
      'the gateway is down',
      { inFlight: 30, waiting: 7, oldestSeconds: 240, breaker: 'open', errorRate: 0.9 },
      { gatewayDown: true },
      'payment: the sandbox gateway is down, 37 messages not done, the oldest for 4 min: npm run ops -- sandbox payment up',
    ],
    [
      'a breaker is open',
      { inFlight: 1, oldestSeconds: null, breaker: 'open' },
      {},
      'payment: its circuit breaker is open, 1 message not done: npm run ops -- trace o-1',
    ],
    [
      'an event source mapping is disabled',
      { waiting: 2, oldestSeconds: 60, mapping: { enabled: false, concurrency: 10 } },
      {},
      'payment: its event source mapping is disabled, 2 messages not done, the oldest for 60 s: npm run ops -- resume payment',
    ],
    [
      'many attempts fail',
      { waiting: 3, oldestSeconds: 9, errorRate: 0.25 },
      {},
      'payment: 25% of its attempts failed in the last 5 minutes, 3 messages not done, the oldest for 9 s: npm run ops -- trace o-1',
    ],
    [
      'a consumer does not keep up',
      { waiting: 5_000, oldestSeconds: 300 },
      { oldestOrder: undefined },
      'payment: it does not keep up, 5,000 messages not done, the oldest for 5 min: npm run ops -- status --watch',
    ],
    ['there are dead letters', { deadLetters: 3 }, {}, 'payment: 3 dead letters: npm run ops -- dlq list'],
  ])('names the cause and the next command when %s', (_, payment, shop, line) => {
    expect(lastLine(statusWith(payment, shop))).toBe(line);
  });

  test('names a command once when several problems share it', () => {
    const state = statusWith({ deadLetters: 1 });
    const [order, payment] = state.consumers;
    if (order === undefined || payment === undefined) throw new Error('There are no consumers');
    expect(problemSummary(problemsOf({ ...state, consumers: [{ ...order, deadLetters: 2 }, payment] }))).toBe(
      'order: 2 dead letters; payment: 1 dead letter: npm run ops -- dlq list',
    );
  });

  test('ignores a few failures, failures that are over, and messages that wait for seconds', () => {
    expect(problemsOf(statusWith({ waiting: 50, oldestSeconds: 10, errorRate: 0.02 }))).toEqual([]);
    expect(problemsOf(statusWith({ errorRate: 0.5 }))).toEqual([]);
  });
});

describe('The status', () => {
  test('marks consumers with problems', () => {
    const marked = statusReport(statusWith({ deadLetters: 3 }))
      .split('\n')
      .filter((line) => line.startsWith('✗'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatch(/payment.*dead letters$/);
  });

  test('has every number in its document', () => {
    expect(statusDocument(statusWith({ waiting: 4, deadLetters: 3 }))).toMatchObject({
      ok: false,
      consumers: [
        { name: 'order', waiting: 0, inFlight: 0, oldestSeconds: 0, deadLetters: 0, enabled: true, problems: [] },
        { name: 'payment', waiting: 4, deadLetters: 3, problems: ['3 dead letters'] },
      ],
      orders: { PLACED: 1, CONFIRMED: 1_234, CANCELLED: 0 },
    });
  });

  test('marks order counts that are only lower bounds', () => {
    const orders = { PLACED: 1, CONFIRMED: 15_000, CANCELLED: 2, atLeast: true } as const;
    expect(statusReport(statusWith({}, { orders }))).toContain(
      '1 placed, at least 15,000 confirmed, at least 2 cancelled',
    );
    expect(statusReport(statusWith())).toContain('1 placed, 1,234 confirmed, 0 cancelled');
  });

  test.each([
    [0, '0 s'],
    [119, '119 s'],
    [240, '4 min'],
    [9_000, '3 h'],
  ])('shows %s seconds as %s', (seconds, shown) => {
    expect(formatAge(seconds)).toBe(shown);
  });
});

describe('A consumer that is paused', () => {
  const pause = { by: 'jane', since: '2026-11-27T03:00:00.000Z', reason: 'charges twice' };
  const harm = {
    resumeBy: '2026-12-04T02:00:00.000Z',
    ordersCancelledFrom: '2026-11-29T03:00:00.000Z',
    drainSeconds: 60,
    urgent: false,
  };
  const off = { enabled: false, concurrency: 10 };
  const payment: Partial<ConsumerStatus> = { waiting: 12, oldestSeconds: 7_200, mapping: off, pause };
  const paused = (parts: Partial<typeof harm> = {}) =>
    statusWith({ ...payment, paused: { ...pause, ...harm, ...parts } });
  const sentence =
    'payment: paused by jane since 2026-11-27T03:00:00Z: "charges twice", 12 messages not done, the oldest for 2 h; ' +
    'resume it by 2026-12-04T02:00:00Z, before its queue loses messages; ' +
    'orders that are undecided are cancelled from 2026-11-29T03:00:00Z on: npm run ops -- resume payment';

  test('is named with by whom, since when, why and until when, and is no problem', () => {
    const lines = statusReport(paused()).split('\n');
    expect(lines.slice(-2)).toEqual([sentence, 'All else is well.']);
    expect(lines.filter((line) => line.startsWith('‖'))).toEqual([expect.stringMatching(/payment.*paused$/)]);
    expect(problemsOf(paused())).toEqual([]);
    expect(statusDocument(paused())).toMatchObject({
      ok: true,
      consumers: [
        { name: 'order', enabled: true, paused: null },
        { name: 'payment', enabled: false, paused: { ...pause, ...harm }, problems: [] },
      ],
    });
  });

  test('is a problem once it does harm', () => {
    expect(lastLine(paused({ urgent: true }))).toBe(sentence);
    expect(statusDocument(paused({ urgent: true }))).toMatchObject({ ok: false, problems: [{ state: 'paused' }] });
  });

  test('does no harm while nothing waits', () => {
    const empty = { ...payment, waiting: 0, paused: { ...pause, ...harm, resumeBy: null, ordersCancelledFrom: null } };
    expect(statusReport(statusWith(empty))).toContain(
      'payment: paused by jane since 2026-11-27T03:00:00Z: "charges twice": npm run ops -- resume payment\nAll else is well.',
    );
  });

  test('is named beside what else is wrong with it', () => {
    const state = statusWith({ ...payment, deadLetters: 1, paused: { ...pause, ...harm } });
    expect(statusReport(state)).toMatch(/^✗ +payment.*paused, dead letters$/m);
    expect(lastLine(state)).toBe('payment: 1 dead letter: npm run ops -- dlq list');
  });

  test('is a problem where something enabled it all the same', () => {
    expect(lastLine(statusWith({ pause }))).toBe(
      'payment: it was paused by jane since 2026-11-27T03:00:00Z: "charges twice", and something enabled it since: ' +
        "npm run ops -- pause payment --reason 'charges twice'",
    );
  });
});

describe('A partner', () => {
  const crm: ConsumerStatus = {
    ...well,
    name: 'crm',
    partner: true,
    throughput: null,
    errorRate: null,
    breaker: null,
    mapping: undefined,
  };
  const withPartner = (parts: Partial<ConsumerStatus> = {}): ShopStatus => {
    const status = statusWith();
    return { ...status, consumers: [...status.consumers, { ...crm, ...parts }] };
  };

  test('is well without a function, a breaker or a measurement, whatever waits for it', () => {
    const report = statusReport(withPartner({ waiting: 5_000, oldestSeconds: 3_599 }));
    expect(report).toMatch(/^ +crm +5000 .* – +– +– +partner, well$/m);
    expect(report.split('\n').at(-1)).toBe('All is well.');
    expect(statusDocument(withPartner({ waiting: 2 })).consumers[2]).toMatchObject({
      name: 'crm',
      partner: true,
      waiting: 2,
      enabled: null,
      breaker: null,
      throughput: null,
      problems: [],
    });
    expect(statusDocument(withPartner()).consumers[0]).not.toHaveProperty('partner');
  });

  test('that leaves a message for an hour is a matter for its team', () => {
    const behind = withPartner({ waiting: 11, inFlight: 1, oldestSeconds: 7_200, throughput: 0.5 });
    expect(lastLine(behind)).toBe(
      'crm: a partner that has not read 12 messages, the oldest for 2 h; tell its team: npm run ops -- status --watch',
    );
    expect(statusReport(behind)).toMatch(/^✗ +crm .* 0\.50\/s +– +– +partner, not read$/m);
    expect(statusDocument(behind).ok).toBe(false);
  });

  test('has dead letters as a consumer has', () => {
    expect(lastLine(withPartner({ deadLetters: 3 }))).toBe('crm: 3 dead letters: npm run ops -- dlq list');
  });

  test('is measured by what SQS says of its queue', () => {
    const queries = partnerQueriesFor({ queueUrl: 'http://q/000/PartnerCrm' });
    expect(Object.values(queries).map(({ namespace, dimensions }) => ({ namespace, dimensions }))).toEqual(
      Array.from({ length: 2 }, () => ({ namespace: 'AWS/SQS', dimensions: { QueueName: 'PartnerCrm' } })),
    );
    const at = (minute: string, value: number): Datapoint => ({ time: new Date(`2026-11-21T09:${minute}:00Z`), value });
    const measured = (deleted: Datapoint[], age: Datapoint[]) =>
      computePartnerMetrics(
        queries,
        (query) => (query === queries.deleted ? deleted : age),
        false,
        new Date('2026-11-21T09:10:30Z'),
      );
    expect(measured([], [])).toMatchObject({ throughput: null, oldestSeconds: null, breaker: null });
    expect(measured([at('09', 30)], [at('09', 4_000)])).toMatchObject({ throughput: 0.1, oldestSeconds: 4_000 });
    // What was measured a while ago is older now, as long as nothing has left the queue.
    expect(measured([at('08', 0)], [at('08', 4_000)])).toMatchObject({ throughput: 0, oldestSeconds: 4_090 });
  });
});

describe('Refunds that are due', () => {
  const refund: DueRefund = {
    orderId: 'o-7',
    since: '2026-11-21T08:00:00.000Z',
    amount: 12_000,
    currency: 'KRW',
    reason: 'charge_disputed',
    reference: 'pi_7',
  };
  const due = (count: number) => statusWith({}, { dueRefunds: { count, oldest: [refund] } });

  test('are counted and named in the document, and are no problem of a consumer', () => {
    expect(statusDocument(due(2))).toMatchObject({ ok: true, refundsDue: 2, oldestRefundsDue: [refund] });
    expect(statusDocument(statusWith())).toMatchObject({ refundsDue: 0, oldestRefundsDue: [] });
  });

  test('are named with their reason and what to do, or not at all', () => {
    const report = statusReport(due(2));
    expect(report).toContain('2 refunds are due, the oldest 1 of them: send the money back by hand');
    expect(report).toMatch(/^o-7 +– +2026-11-21T08:00:00\.000Z +₩12,000 +charge_disputed +pi_7$/m);
    expect(statusReport(due(1))).toContain('1 refund is due: send');
    expect(statusReport(statusWith())).not.toMatch(/refunds? (is|are) due/);
  });
});

describe('Orders that wait for too long', () => {
  const order = (orderId: string, since: string, waitsFor: WaitingOrder['waitsFor'] = 'payment'): WaitingOrder => ({
    orderId,
    since,
    waitsFor,
  });
  const now = new Date('2026-11-21T09:00:00.000Z');

  test('are late after a minute', () => {
    const late = order('o-1', '2026-11-21T08:58:59.000Z');
    expect(lateOrders([late, order('o-2', '2026-11-21T08:59:00.000Z')], now)).toEqual([late]);
  });

  test('are named with their age and what they wait for, the oldest with the command that shows it', () => {
    const late = [order('#1029', '2026-11-21T08:00:00.000Z'), order('o-2', '2026-11-21T08:58:00.000Z', 'stock')];
    const report = statusReport(statusWith({}, { late }), now);
    expect(report).toContain("Orders that wait: npm run ops -- trace '#1029'");
    expect(report).toMatch(/^#1029 +60 min +payment$/m);
    expect(report).toMatch(/^o-2 +2 min +stock$/m);
    expect(statusDocument(statusWith({}, { late }))).toMatchObject({ orders: { PLACED: 1, waiting: late } });
    expect(statusReport(statusWith())).not.toContain('wait:');
    expect(statusDocument(statusWith()).orders.waiting).toEqual([]);
  });

  test('are the oldest of them where there are many', () => {
    const late = Array.from({ length: MAX_WAITING_ORDERS }, (_, index) => order(`o-${index}`, now.toISOString()));
    expect(statusReport(statusWith({}, { late }), now)).toContain('The 10 orders that wait the longest:');
  });
});
