import { describe, expect, test } from 'vitest';
import type { ConsumerState, ShopStatus } from '../../ops/status/collect.ts';
import { figuresFrom, type Point, type Query, queriesFor } from '../../ops/status/figures.ts';
import { duration, problems, verdict } from '../../ops/status/health.ts';
import { document, report } from '../../ops/status/report.ts';

const well: ConsumerState = {
  name: 'payment',
  waiting: 0,
  inFlight: 0,
  delayed: 0,
  deadLetters: 0,
  oldestSeconds: 0,
  throughput: 2,
  errorRate: 0,
  breaker: 'closed',
  mapping: { uuid: 'u-1', on: true },
};

const seen = (payment: Partial<ConsumerState> = {}, shop: Partial<ShopStatus> = {}): ShopStatus => ({
  consumers: [
    { ...well, name: 'order' },
    { ...well, ...payment },
  ],
  orders: { PLACED: 1, CONFIRMED: 1_234, CANCELLED: 0 },
  gatewayDown: false,
  oldestOrder: 'o-1',
  ...shop,
});
const lastLine = (state: ShopStatus) => report(state).split('\n').at(-1);

describe('The figures of a consumer', () => {
  const now = new Date('2026-11-21T09:10:30Z');
  const consumer = { consumer: 'payment', queueUrl: 'http://q/000/Payment', deadLetterQueueUrl: '' };
  type Answers = Partial<Record<keyof ReturnType<typeof queriesFor>, [minute: string, value: number][]>>;
  const figures = (answers: Answers, empty = false) => {
    const queries = queriesFor(consumer);
    const given = new Map<Query, Point[]>(
      Object.entries(queries).map(([key, query]) => {
        const points = answers[key as keyof typeof queries] ?? [];
        return [query, points.map(([minute, value]) => ({ time: new Date(`2026-11-21T${minute}:00Z`), value }))];
      }),
    );
    return figuresFrom(queries, (query) => given.get(query) ?? [], empty, now);
  };

  test('are asked for by the consumer’s name and its queue’s', () => {
    const { done, age } = queriesFor(consumer);
    expect(done).toMatchObject({ namespace: 'ShopMessaging', metric: 'Done', dimensions: { consumer: 'payment' } });
    expect(age.dimensions).toEqual({ QueueName: 'Payment' });
  });

  test('are of the last five minutes', () => {
    const answers: Answers = {
      done: [
        ['09:10', 120],
        ['09:07', 150],
        ['09:01', 9_000],
      ],
      retried: [['09:10', 20]],
      deadLettered: [['09:09', 10]],
    };
    expect(figures(answers)).toMatchObject({ throughput: 0.9, errorRate: 0.1 });
  });

  test('are unknown, not zero, where nothing was measured', () => {
    expect(figures({})).toEqual({ oldestSeconds: null, throughput: 0, errorRate: null, breaker: 'closed' });
  });

  test('take the latest age, in whatever sequence the minutes come', () => {
    const age: [string, number][] = [
      ['09:08', 70],
      ['09:10', 200.4],
      ['09:09', 140],
    ];
    expect(figures({ age }).oldestSeconds).toBe(200);
    expect(figures({ age }, true).oldestSeconds).toBe(0);
  });

  test('know the age of what is tried again and again, which SQS does not count', () => {
    const answers: Answers = {
      age: [['09:10', 3]],
      retried: [['09:10', 4]],
      waited: [
        ['09:09', 900_000],
        ['09:10', 600_000],
      ],
    };
    expect(figures(answers).oldestSeconds).toBe(600);
    expect(figures({ ...answers, retried: [['09:10', 0]] }).oldestSeconds).toBe(3);
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
    expect(figures({ breaker: breaker.map(([minute, value]) => [minute, value]) }).breaker).toBe(state);
  });
});

describe('The last line of the status', () => {
  test('says so when all is well', () => {
    expect(lastLine(seen())).toBe('All is well.');
  });

  test.each<[string, Partial<ConsumerState>, Partial<ShopStatus>, string]>([
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
      'a consumer is switched off',
      { waiting: 2, oldestSeconds: 60, mapping: { uuid: 'u-1', on: false } },
      {},
      'payment: it is switched off, 2 messages not done, the oldest for 60 s: aws lambda update-event-source-mapping --uuid u-1 --enabled',
    ],
    [
      'much fails',
      { waiting: 3, oldestSeconds: 9, errorRate: 0.25 },
      {},
      'payment: 25% of its tries failed in the last 5 minutes, 3 messages not done, the oldest for 9 s: npm run ops -- trace o-1',
    ],
    [
      'a consumer does not keep up',
      { waiting: 5_000, oldestSeconds: 300 },
      { oldestOrder: undefined },
      'payment: it does not keep up, 5,000 messages not done, the oldest for 5 min: npm run ops -- status --watch',
    ],
    ['there are dead letters', { deadLetters: 3 }, {}, 'payment: 3 dead letters: npm run ops -- dlq list'],
  ])('names the cause and the next command when %s', (_, payment, shop, line) => {
    expect(lastLine(seen(payment, shop))).toBe(line);
  });

  test('names a command once when it is the one for several', () => {
    const state = seen({ deadLetters: 1 });
    const [order, payment] = state.consumers;
    if (order === undefined || payment === undefined) throw new Error('There are no consumers');
    expect(verdict(problems({ ...state, consumers: [{ ...order, deadLetters: 2 }, payment] }))).toBe(
      'order: 2 dead letters; payment: 1 dead letter: npm run ops -- dlq list',
    );
  });

  test('says nothing of a few failures, of failures that are over, or of messages that wait for moments', () => {
    expect(problems(seen({ waiting: 50, oldestSeconds: 10, errorRate: 0.02 }))).toEqual([]);
    expect(problems(seen({ errorRate: 0.5 }))).toEqual([]);
  });
});

describe('The status', () => {
  test('marks who is in trouble', () => {
    const marked = report(seen({ deadLetters: 3 }))
      .split('\n')
      .filter((line) => line.startsWith('✗'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toMatch(/payment.*dead letters$/);
  });

  test('has every number for scripts', () => {
    expect(document(seen({ waiting: 4, deadLetters: 3 }))).toMatchObject({
      ok: false,
      consumers: [
        { name: 'order', waiting: 0, inFlight: 0, oldestSeconds: 0, deadLetters: 0, enabled: true, problems: [] },
        { name: 'payment', waiting: 4, deadLetters: 3, problems: ['3 dead letters'] },
      ],
      orders: { PLACED: 1, CONFIRMED: 1_234, CANCELLED: 0 },
    });
  });

  test('says when orders are too many to be counted', () => {
    const orders = { PLACED: 1, CONFIRMED: 15_000, CANCELLED: 2, atLeast: true } as const;
    expect(report(seen({}, { orders }))).toContain('1 placed, at least 15,000 confirmed, at least 2 cancelled');
    expect(report(seen())).toContain('1 placed, 1,234 confirmed, 0 cancelled');
  });

  test.each([
    [0, '0 s'],
    [119, '119 s'],
    [240, '4 min'],
    [9_000, '3 h'],
  ])('shows %s seconds as %s', (seconds, shown) => {
    expect(duration(seconds)).toBe(shown);
  });
});
