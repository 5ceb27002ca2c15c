import { describe, expect, test } from 'vitest';
import type { Refund } from '../../lambdas/payment/record.ts';
import { logPeriod } from '../../ops/orders/find-trace.ts';
import { stillFailing } from '../../ops/orders/start-failures.ts';
import { addAttempts, buildTrace, parseAttempts, type Trace } from '../../ops/orders/trace.ts';
import { addDeadLetters } from '../../ops/orders/trace-dead-letters.ts';
import { traceDiagram } from '../../ops/orders/trace-diagram.ts';
import { traceText } from '../../ops/orders/trace-text.ts';
import { deadLetter } from '../builders/dead-letters.ts';
import { refundRequested } from '../builders/events.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 9) + seconds * 1_000).toISOString();

/** The log line of one attempt by payment to handle the placing of o-1. */
const line = (parts: object = {}) =>
  `${JSON.stringify({
    level: 'INFO',
    time: at(1),
    message: 'done',
    consumer: 'payment',
    orderId: 'o-1',
    messageId: 'm-1',
    eventType: 'shop.order.placed.v1',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    attempt: 1,
    waitedMs: 400,
    tookMs: 100,
    ...parts,
  })}\n`;

const shippedAttempt = (parts: object) => line({ consumer: 'order', eventType: 'shop.order.shipped.v1', ...parts });

const down = { message: 'will be tried again', errorType: 'UnavailableError', errorMessage: 'It is down; #1' };
const failed = line({ ...down, retryInSeconds: 2 });
const succeeded = line({
  time: at(4),
  attempt: 2,
  waitedMs: 3_300,
  tookMs: 200,
  published: ['shop.payment.authorized.v1'],
});

const order = {
  orderId: 'o-1',
  status: 'CONFIRMED' as const,
  total: { amount: 12_000, currency: 'KRW' },
  timeline: [
    { time: at(0), type: 'shop.order.placed.v1', source: '/shop/checkout' },
    { time: at(4), type: 'shop.payment.authorized.v1', source: '/shop/payment' },
    { time: at(5), type: 'shop.order.confirmed.v1', source: '/shop/order' },
  ],
};
const notification = { texts: { 'order-confirmed': { sentAt: at(6) } } };

function known(
  lines: readonly string[] = [],
  parts: Parameters<typeof buildTrace>[0] = { order, notification },
): Trace {
  const trace = addAttempts(buildTrace(parts), 'o-1', lines);
  if (trace === undefined) throw new Error('The order is known');
  return trace;
}

describe('The attempts of an order', () => {
  test('are found among all other lines, each once, oldest first', () => {
    const others = [
      'START RequestId: 1',
      '',
      '7',
      '{"message":"done"}',
      line({ orderId: 'o-11' }),
      line({ message: 'batch' }),
    ];
    const { attempts } = parseAttempts([succeeded, ...others, failed, failed], 'o-1');
    expect(attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'will be tried again'],
      [2, 'done'],
    ]);
  });

  test('have a wait each: the first since the message was sent, the next since the previous attempt', () => {
    const { attempts } = parseAttempts([failed, succeeded], 'o-1');
    expect(attempts.map(({ waitedMs, tookMs }) => [waitedMs, tookMs])).toEqual([
      [400, 100],
      [2_800, 200],
    ]);
    // The previous attempt is not in the log.
    expect(parseAttempts([succeeded], 'o-1').attempts[0]?.waitedMs).toBe(3_300);
  });

  test('have the error of a failed one', () => {
    expect(parseAttempts([failed], 'o-1').attempts[0]).toEqual({
      time: at(1),
      consumer: 'payment',
      eventType: 'shop.order.placed.v1',
      messageId: 'm-1',
      attempt: 1,
      waitedMs: 400,
      tookMs: 100,
      outcome: 'will be tried again',
      errorType: 'UnavailableError',
      errorMessage: 'It is down; #1',
      retryInSeconds: 2,
      nextTryAt: at(3),
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
  });
});

describe('A failed attempt', () => {
  test('names the lines of our sources in the document, and not in the table', () => {
    const stackTrace = [
      'at plan (lambdas/stock/plan.ts:41:17)',
      'at SQSClient.send (index.js:1:234567)',
      // As versions before wrote them.
      'at async Object.tok_visa [as +821012345678] (/var/task/lambdas/runtime/consume.ts:230:21)',
      'at processTicksAndRejections (node:internal/process/task_queues:105:5)',
    ];
    const trace = known([line({ message: 'dead-lettered', errorType: 'TypeError', errorMessage: 'no', stackTrace })]);
    expect(trace.attempts[0]?.stackTrace).toEqual(['lambdas/stock/plan.ts:41:17', 'lambdas/runtime/consume.ts:230:21']);
    expect(traceText(trace)).not.toContain('plan.ts');
    expect(known([failed]).attempts[0]).not.toHaveProperty('stackTrace');
  });

  test('has them from its dead letter, too', () => {
    const stackTrace = '2026-11-21T09:00:00.000Z\nlambdas/stock/plan.ts:41:17';
    const letter = deadLetter({ attributes: { errorType: 'TypeError', errorMessage: 'no', stackTrace } });
    expect(addDeadLetters(known(), 'o-1', [letter])?.deadLetters).toMatchObject([
      { errorType: 'TypeError', stackTrace: ['lambdas/stock/plan.ts:41:17'] },
    ]);
  });
});

describe('An event that no record keeps', () => {
  const published = ['shop.loyalty.earned.v1', 'shop.payment.authorized.v1', 'shop.order.progressed.v1'];
  const text = traceText(known([line({ time: at(4), consumer: 'loyalty', published })]));

  test('is in the table by its type, with the consumer that published it', () => {
    expect(text).toMatch(/loyalty +shop\.loyalty\.earned\.v1\n/);
  });

  test('is not one that the timeline has, nor the step that carries one of those', () => {
    expect(text.match(/shop\.payment\.authorized\.v1/g)).toHaveLength(1);
    expect(text).not.toContain('progressed');
  });
});

describe('A trace', () => {
  test('of an order that is only in the logs is shown all the same', () => {
    const poison = line({
      message: 'dead-lettered',
      errorType: 'ContractError',
      errorMessage: 'data.total: is missing',
    });
    const trace = addAttempts(undefined, 'o-1', [poison]);
    expect(trace).toMatchObject({ orderId: 'o-1', status: null, total: null, timeline: [] });
    expect(trace?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(trace && traceText(trace)).toMatch(/o-1: not placed yet.*\n[\s\S]*dead-lettered: ContractError: data.total/);
    expect(addAttempts(undefined, 'o-1', [line({ orderId: 'o-11' })])).toBeUndefined();
  });

  test("names the order's own trace, and that of its publisher where it sent one", () => {
    const traceparent = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(known([], { order: { ...order, traceparent } }).traceId).toBe('1af7651916cd43dd8448eb211c80319c');
    expect(known().traceId).toMatch(/^[\da-f]{32}$/);
  });

  test('as text has events and attempts with their outcomes, oldest first', () => {
    const rows = traceText(known([succeeded, failed]))
      .split('\n')
      .slice(3);
    expect(rows.map((row) => row.replaceAll(/ {2,}/g, ' '))).toEqual([
      `${at(0)} 0 ms /shop/checkout shop.order.placed.v1`,
      `${at(1)} 1.0 s payment handled shop.order.placed.v1 400 ms 100 ms will be tried again in 2 s: UnavailableError: It is down; #1`,
      `${at(4)} 4.0 s /shop/payment shop.payment.authorized.v1`,
      `${at(4)} 4.0 s payment handled shop.order.placed.v1 (try 2) 2.8 s 200 ms done`,
      `${at(5)} 5.0 s /shop/order shop.order.confirmed.v1`,
      `${at(6)} 6.0 s /shop/notification shop.notification.sent.v1 (order-confirmed)`,
    ]);
  });
});

describe('The period of the log search', () => {
  const now = Date.parse(at(0)) + 30 * 24 * 3_600_000;

  test('reaches from the first event of a finished order to the last', () => {
    const { from, until } = logPeriod(known(), now);
    expect([from, until]).toEqual([Date.parse(at(0)) - 15 * 60_000, Date.parse(at(6)) + 3_600_000]);
  });

  test.each([
    ['is undecided', { order: { ...order, status: 'PLACED' as const }, notification }],
    ['has its text to come', { order }],
    [
      'has its refund to come',
      {
        order: { ...order, status: 'CANCELLED' as const },
        notification,
        payment: { state: 'refunding' as const, time: at(7) },
      },
    ],
    ['has its capture to come', { order, notification, payment: { state: 'capturing' as const, time: at(7) } }],
    [
      'has its authorization to be voided',
      {
        order: { ...order, status: 'CANCELLED' as const },
        notification,
        payment: { state: 'authorized' as const, time: at(7) },
      },
    ],
  ])('reaches until now while the order %s', (_, parts) => {
    expect(logPeriod(known([], parts), now).until).toBe(now);
  });
});

describe('The diagram', () => {
  const participant = /^ {4}participant (\w+) as [^;#\n]+$/;
  // A semicolon would end the line; entity codes are text.
  const message = /^ {4}(\w+)(?:->>|--x)(\w+): (?:[^;#&<>$%\n]|#\d+;)+$/;

  /** Checks that a diagram is valid Mermaid: every line is a participant or a message between two of them. */
  function messagesOf(trace: Trace): string[] {
    const [head, ...lines] = traceDiagram(trace).split('\n');
    expect(head).toBe('sequenceDiagram');
    const declared = new Set(lines.flatMap((one) => participant.exec(one)?.[1] ?? []));
    const messages = lines.filter((one) => !participant.test(one));
    for (const one of messages) {
      expect(one).toMatch(message);
      const [, from = '', to = ''] = message.exec(one) ?? [];
      expect([...declared]).toEqual(expect.arrayContaining([from, to]));
    }
    return messages.map((one) => one.trim());
  }

  test('shows messages with how long they waited, and a failed attempt as a cross', () => {
    expect(messagesOf(known([failed, succeeded]))).toEqual([
      'publisher->>topic: shop.order.placed.v1',
      'topic->>payment: shop.order.placed.v1 (waited 400 ms)',
      'payment--xpayment: will be tried again in 2 s: UnavailableError: It is down#59; #35;1',
      'topic->>payment: shop.order.placed.v1 (try 2, waited 2.8 s)',
      'payment->>bus: shop.payment.authorized.v1',
      'order->>bus: shop.order.confirmed.v1',
      'notification->>customer: order-confirmed',
    ]);
  });

  test('shows an event as published before it was received', () => {
    const received = line({
      consumer: 'order',
      eventType: 'shop.payment.authorized.v1',
      time: at(3.99),
      waitedMs: 20,
      tookMs: 10,
    });
    const messages = messagesOf(known([succeeded, received]));
    expect(messages.filter((one) => one.includes('authorized'))).toEqual([
      'payment->>bus: shop.payment.authorized.v1',
      'bus->>order: shop.payment.authorized.v1 (waited 20 ms)',
    ]);
  });

  test('without logs shows the recorded events', () => {
    expect(messagesOf(known())).toEqual([
      'publisher->>topic: shop.order.placed.v1',
      'payment->>bus: shop.payment.authorized.v1',
      'order->>bus: shop.order.confirmed.v1',
      'notification->>customer: order-confirmed',
    ]);
  });

  test('shows a message that nobody could read in its dead-letter queue, and a consumer by any name', () => {
    const bad = line({
      consumer: 'loyalty-points',
      message: 'dead-lettered',
      eventType: undefined,
      errorType: 'ContractError',
      errorMessage: 'body: must be\nJSON',
    });
    const trace = addAttempts(undefined, 'o-1', [bad]);
    expect(trace && messagesOf(trace)).toEqual([
      'publisher->>topic: a message',
      'topic->>loyalty_points: a message (waited 400 ms)',
      'loyalty_points--xdeadLetters: dead-lettered: ContractError: body: must be JSON',
    ]);
  });
});

test('A text that was refused is in the trace with its reason, and nothing goes to the customer', () => {
  const refused = { texts: { 'order-confirmed': { refusedAt: at(6), reason: 'opted-out' as const } } };
  const trace = known([], { order, notification: refused });
  expect(traceText(trace)).toContain('shop.notification.refused.v1 (order-confirmed: opted-out)');
  expect(traceDiagram(trace)).not.toContain('notification->>customer');
  expect(traceDiagram(known())).toContain('notification->>customer');
});

test('A refund that the provider refuses is in the trace with its code and when it became due', () => {
  const money = { amount: 12_000, currency: 'KRW' };
  const payment = { state: 'refund-due', money, refundReason: 'charge_disputed', time: at(8) } as const;
  const trace = known([], { order: { ...order, status: 'CANCELLED' }, payment });
  expect(trace).toMatchObject({ payment: 'refund-due', paymentReason: 'charge_disputed' });
  expect(trace.timeline.at(-1)).toEqual({
    time: at(8),
    type: 'shop.payment.refund-due.v1',
    source: '/shop/payment',
    reason: 'charge_disputed',
  });
  expect(traceText(trace)).toContain('payment refund-due (charge_disputed)');
  expect(traceText(trace)).toContain('shop.payment.refund-due.v1 (charge_disputed)');
  expect(traceDiagram(trace)).toContain('payment->>bus: shop.payment.refund-due.v1');
});

test('A payment that was declined or could not be captured is in the trace with the reason', () => {
  const payment = { state: 'lapsed', declineReason: 'authorization_expired', time: at(8) } as const;
  const trace = known([], { order: { ...order, status: 'CANCELLED', reason: 'payment-declined' }, payment });
  expect(traceText(trace)).toContain('payment lapsed (authorization_expired)');
});

describe('What is still to come', () => {
  const now = new Date(Date.parse(at(1)) - 38_000);
  const waiting = line({ ...down, retryInSeconds: 2, time: at(1) });

  test('is the next try of a message, and what it waits for', () => {
    const trace = known([waiting]);
    expect(trace.nextTryAt).toBe(at(3));
    expect(traceText(trace, now)).toContain(
      `payment tries shop.order.placed.v1 again at ${at(3)} (in 40 s); it waits for: UnavailableError: It is down; #1`,
    );
    expect(traceText(trace, new Date(Date.parse(at(3)) + 20_000))).toContain('(due for 20 s)');
  });

  test('is none of a message that was tried again, or whose next try is not announced', () => {
    for (const lines of [[failed, succeeded], [line(down)], [succeeded]]) {
      const trace = known(lines);
      expect(trace.nextTryAt).toBeUndefined();
      expect(traceText(trace, now)).not.toContain('again at');
    }
  });

  test('is the first of several messages, each by itself', () => {
    const stock = line({ ...down, retryInSeconds: 1, time: at(1), consumer: 'stock', messageId: 'm-2' });
    const trace = known([waiting, stock]);
    expect(trace.nextTryAt).toBe(at(2));
    expect(traceText(trace, now).match(/^(stock|payment) tries/gm)).toEqual(['stock tries', 'payment tries']);
  });

  test('is nothing of a consumer that cannot start, which is named with the cause', () => {
    const cannotStart = [
      { consumer: 'payment', time: at(1), errorType: 'Error', errorMessage: 'The environment variable X is not set.' },
    ];
    expect(traceText({ ...known(), cannotStart }, now)).toContain(
      `payment cannot start (The environment variable X is not set; last at ${at(1)}): read docs/runbook/function-errors.md`,
    );
    const attempt = { consumer: 'payment', time: at(2) };
    expect(stillFailing(cannotStart, [attempt])).toEqual([]);
    expect(
      stillFailing(cannotStart, [
        { ...attempt, consumer: 'stock' },
        { ...attempt, time: at(0) },
      ]),
    ).toEqual(cannotStart);
  });
});

describe('What happens after the confirmation', () => {
  const warehouse = (seconds: number, id: string) => ({
    time: at(seconds),
    type: 'shop.order.shipped.v1',
    source: '/shop/warehouse',
    id: `/shop/warehouse ${id}`,
  });
  const shipped = {
    ...order,
    dispatched: true as const,
    timeline: [...order.timeline, warehouse(60, 'parcel-1'), warehouse(70, 'parcel-2')],
  };
  const money = { amount: 12_000, currency: 'KRW' };
  const refund = (refundId: string, amount: number, parts: object) => ({ refundId, amount, time: at(80), ...parts });
  const payment = {
    state: 'captured' as const,
    time: at(6),
    money,
    refunds: [
      refund('r-1', 5_000, { state: 'done' as const, refunded: 5_000 }),
      refund('r-2', 1_000, { state: 'pending' as const }),
      refund('r-3', 2_000, { state: 'due' as const, reason: 'charge_disputed' }),
    ] as Refund[],
  };
  const line = (sku: string, quantity: number, restock: boolean) => ({ sku, quantity, restock });
  const reservation = {
    state: 'sold' as const,
    lines: [{ sku: 'KB-01', quantity: 3 }],
    returned: [{ refundId: 'r-1', lines: [line('KB-01', 1, true), line('KB-01', 2, false)], time: at(90) }],
  };
  const trace = known([], { order: shipped, notification, payment, reservation });

  test('is each parcel, by its message, in the text and in the diagram', () => {
    expect(trace).toMatchObject({ dispatched: true });
    expect(traceText(trace)).toMatch(/^o-1: CONFIRMED, .*, shipped, refunded ₩5,000 of ₩12,000, trace /);
    for (const id of ['parcel-1', 'parcel-2']) {
      expect(traceText(trace)).toContain(`/shop/warehouse     shop.order.shipped.v1 (${id})`);
      expect(traceDiagram(trace)).toContain(`publisher->>topic: shop.order.shipped.v1 (${id})`);
    }
  });

  test('is each refund with its state, and what went back so far', () => {
    expect(trace.refunds).toEqual(payment.refunds);
    expect(traceText(trace)).toMatch(/^r-1 +₩5,000 +refunded +₩5,000 /m);
    expect(traceText(trace)).toMatch(/^r-2 +₩1,000 +being sent /m);
    expect(traceText(trace)).toMatch(/^r-3 +₩2,000 +refund-due: a person has to send it .* charge_disputed$/m);
    expect(traceText(trace)).toContain('shop.payment.refund-due.v1 (r-3: charge_disputed)');
    expect(known()).not.toHaveProperty('refunds');
  });

  test('is each return, and what of it is on the shelf', () => {
    expect(trace.returns).toEqual([
      { refundId: 'r-1', items: reservation.returned[0]?.lines, state: 'returned', time: at(90) },
    ]);
    expect(traceText(trace)).toMatch(/^r-1 +1 of KB-01 +2 of KB-01 +returned /m);
    expect(known()).not.toHaveProperty('returns');
  });

  test('is the refund of a cancellation, which version 0.3.0 knew by the state alone', () => {
    const cancelled = { ...order, status: 'CANCELLED' as const };
    for (const [state, expected] of [
      ['refunding', { amount: 12_000, state: 'pending', time: at(9) }],
      ['refunded', { amount: 12_000, state: 'done', time: at(9) }],
      ['refund-due', { amount: 12_000, state: 'due', reason: 'customer', time: at(9) }],
    ] as const) {
      const reason = state === 'refund-due' ? { refundReason: 'customer' } : {};
      const found = known([], { order: cancelled, payment: { state, money, time: at(9), ...reason } });
      expect(found.refunds).toEqual([expected]);
      expect(traceText(found)).toMatch(/^of the cancellation +₩12,000 /m);
    }
  });

  test('is a refund that was refused, by its dead letter, unless it was made afterwards', () => {
    const refused = (refundId: string, consumer = 'payment') =>
      deadLetter({
        id: `m-${refundId}`,
        consumer,
        body: JSON.stringify(
          refundRequested({ orderId: 'o-1', refundId, amount: 9_000, items: [line('KB-01', 4, true)] }),
        ),
        attributes: { consumer, errorType: 'ConflictError', errorMessage: 'More than is left' },
      });
    const waiting = deadLetter({
      body: JSON.stringify(refundRequested({ orderId: 'o-1', refundId: 'r-8' })),
      attributes: { errorType: 'UnavailableError' },
    });
    const letters = [refused('r-1'), refused('r-9'), refused('r-9'), refused('r-9', 'stock'), waiting];
    const found = addDeadLetters(trace, 'o-1', letters);
    const time = '2026-11-21T09:00:00.000Z';
    const refusal = { refundId: 'r-9', state: 'refused', reason: 'More than is left', time };
    expect(found?.refunds?.slice(3)).toEqual([{ ...refusal, amount: 9_000 }]);
    expect(found?.returns?.slice(1)).toEqual([{ ...refusal, items: [line('KB-01', 4, true)] }]);
    expect(found?.deadLetters).toHaveLength(5);
    expect(found && traceText(found)).toMatch(/^r-9 +₩9,000 +refused .* More than is left$/m);
    expect(addDeadLetters(known(), 'o-1', [deadLetter()])).not.toHaveProperty('refunds');
  });

  test.each([
    ['shipped-after-cancellation', 'stock set'],
    ['not-captured-after-shipping', 'pay in another way'],
    ['cancelled-after-shipping', 'ops -- audit'],
  ] as const)('is the contradiction %s, with what a person does', (contradiction, advice) => {
    const found = known([], { order: { ...shipped, contradiction } });
    expect(found).toMatchObject({ contradiction });
    expect(traceText(found)).toMatch(new RegExp(`^✗ ${contradiction}: .*${advice}`, 'm'));
  });

  test('keeps an order unfinished as long as a refund is being sent', () => {
    const now = Date.parse(at(0)) + 30 * 24 * 3_600_000;
    expect(logPeriod(trace, now).until).toBe(now);
    const sent = { ...payment, refunds: payment.refunds.filter(({ state }) => state !== 'pending') };
    expect(logPeriod(known([], { order: shipped, notification, payment: sent }), now).until).toBeLessThan(now);
  });

  test('is drawn at its own time, also where messages of its type came before', () => {
    const attempts = ['parcel-1', 'parcel-2'].map((messageId, index) =>
      shippedAttempt({ messageId, time: at(60.2 + 10 * index), waitedMs: 100, tookMs: 50 }),
    );
    const lines = traceDiagram(known(attempts, { order: shipped, notification })).split('\n');
    const drawn = lines.flatMap(
      (one) => one.match(/(?:publisher|topic)->>(?:topic|order): shop.order.shipped.*/) ?? [],
    );
    expect(drawn).toEqual([
      'publisher->>topic: shop.order.shipped.v1 (parcel-1)',
      'topic->>order: shop.order.shipped.v1 (waited 100 ms)',
      'publisher->>topic: shop.order.shipped.v1 (parcel-2)',
      'topic->>order: shop.order.shipped.v1 (waited 100 ms)',
    ]);
  });

  test('is drawn once for each request for a refund, which no timeline has', () => {
    const ask = (consumer: string, messageId: string) =>
      shippedAttempt({ consumer, messageId, eventType: 'shop.order.refund-requested.v1' });
    const lines = [ask('payment', 'p-1'), ask('payment', 'p-2'), ask('stock', 's-1'), ask('stock', 's-2')];
    const diagram = traceDiagram(known(lines));
    expect(diagram.match(/publisher->>topic: shop.order.refund-requested.v1$/gm)).toHaveLength(2);
  });
});
