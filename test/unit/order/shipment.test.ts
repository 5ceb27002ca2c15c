import { describe, expect, test } from 'vitest';
import { consumes } from '../../../lambdas/order/consumes.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { refusalOf } from '../../../lambdas/order/refusal.ts';
import { consumes as fromBus } from '../../../lambdas/outcomes/consumes.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  declined,
  placed,
  reconciliationDue,
  refunded,
  reserved,
  returned,
  shipped,
} from '../../builders/events.ts';
import { orderHandler } from '../../builders/order-handler.ts';
import { handledAt, next, orderAfter, replay } from '../../builders/order-steps.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';
import { publishedBy, settled } from '../../builders/transitions.ts';

quietLog();

const toConfirmed = [placed(), authorized(), reserved()];
const toShipped = [...toConfirmed, shipped()];
const toCancelled = [...toConfirmed, cancelRequested()];

const parcels = (count: number) => Array.from({ length: count }, (_, index) => shipped({ id: `parcel ${index}` }));
const idsOf = (step: ReturnType<typeof next>) => publishedBy(step).map(({ id }) => id);

describe('A parcel that leaves', () => {
  test('is a step without a status, and the first one tells the bus', () => {
    const step = next(orderAfter(...toConfirmed), shipped());
    expect(publishedBy(step)).toMatchObject([
      { id: 'o-1001.shipped.5', data: { orderId: 'o-1001', sequence: 5, step: 'shop.order.shipped.v1' } },
      { id: 'o-1001.dispatched', source: '/shop/order', time: shipped().time, data: { orderId: 'o-1001' } },
    ]);
    expect(publishedBy(step)[0]?.data).not.toHaveProperty('status');
  });

  test('is noted by its source and id: another is a step of its own, the same is none', () => {
    const first = orderAfter(...toConfirmed, shipped({ id: 'one' }));
    const step = next(first, shipped({ id: 'two' }));
    expect(idsOf(step)).toEqual(['o-1001.shipped.6']);
    expect(step.after?.timeline.slice(4).map(({ id }) => id)).toEqual(['/shop/warehouse one', '/shop/warehouse two']);
    for (const id of ['one', 'two']) expect(next(settled(first, step), shipped({ id }))).toEqual({ outbox: [] });
  });

  test('tells the bus again with any delivery until that is noted as published', () => {
    const { after, outbox } = next(orderAfter(...toConfirmed), shipped());
    for (const event of [placed(), shipped()]) expect(next(after, event)).toEqual({ outbox });
  });

  test('is a conflict after a hundred of them, a repetition of which is none', () => {
    const order = orderAfter(...toConfirmed, ...parcels(100));
    expect(() => next(order, shipped({ id: 'one more' }))).toThrow(ConflictError);
    expect(next(order, shipped({ id: 'parcel 7' }))).toEqual({ outbox: [] });
    expect(replay(order, shipped({ id: 'one more' })).after).toBeUndefined();
  });

  test.each<[string, OrderInput[]]>([
    ['is not known', []],
    ['is known by its outcomes', [authorized(), reserved()]],
    ['is not decided', [placed(), authorized()]],
  ])('is a conflict where its order %s, and is taken after the confirmation', (_, known) => {
    const order = orderAfter(...known);
    expect(() => next(order, shipped())).toThrow(/^Order o-1001 is not confirmed yet: redrive this once it is$/);
    expect(orderAfter(...known, placed(), authorized(), reserved(), shipped())).toMatchObject({ dispatched: true });
  });

  test('is learnt from a replay before the order is decided, and bars no decision', () => {
    const learnt = replay(orderAfter(placed(), authorized()), shipped()).after;
    expect(learnt).toMatchObject({ status: 'PLACED', dispatched: true });
    const step = next(learnt, reserved());
    expect(step.after).toMatchObject({ status: 'CONFIRMED', dispatched: true });
    expect(idsOf(step)).toContain('o-1001.dispatched');
    expect(next(step.after, cancelRequested()).after).toBeUndefined();
  });

  test('is not told to the bus of an order that turns out to be cancelled', () => {
    const learnt = replay(undefined, shipped()).after;
    const step = next(learnt && { ...learnt, version: 1 }, reconciliationDue({ decision: 'cancelled' }));
    expect(step.after).toMatchObject({ status: 'CANCELLED', contradiction: 'shipped-after-cancellation' });
    expect(idsOf(step)).toEqual(['o-1001.shipped.1', 'o-1001.cancelled.2', 'o-1001.cancelled']);
    expect(step.failure).toBeDefined();
  });

  test.each<[string, OrderInput[]]>([
    ['nothing else is known of the order', []],
    ['the order is placed', [placed(), authorized()]],
  ])('bars a request to cancel once it is learnt from a replay, where %s', (_, known) => {
    const learnt = replay(orderAfter(...known), shipped()).after;
    const step = next(learnt, cancelRequested());
    expect(step.after).toBeUndefined();
    expect(publishedBy(step)).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ reason: 'shipped' }) }),
    );
  });

  test('bars a request to cancel that was replayed before it', () => {
    const learnt = replay(replay(orderAfter(placed(), authorized()), cancelRequested()).after, shipped()).after;
    expect(next(learnt, reserved()).after).toMatchObject({ status: 'CONFIRMED', dispatched: true });
  });

  test('has a key of bounded length in a record of bounded size', () => {
    const long = { ...shipped({ id: '각'.repeat(256) }), source: '나'.repeat(256) };
    expect(orderAfter(...toConfirmed, long)?.timeline.at(-1)?.id).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('Steps of money and goods that go back', () => {
  test('are noted once per refund, and the one of a cancellation once', () => {
    const events = [refunded({ refundId: 'r-1' }), returned(), refunded({ refundId: 'r-2' }), refunded()];
    const order = orderAfter(...toConfirmed, ...events, ...events);
    expect(order?.timeline.slice(4).map(({ type, id }) => [type.split('.')[2], id])).toEqual([
      ['refunded', 'r-1'],
      ['returned', 'r-1'],
      ['refunded', 'r-2'],
      ['refunded', undefined],
    ]);
  });
});

type Contradiction = [contradiction: string, says: RegExp, known: OrderInput[], event: OrderInput];

const CONTRADICTIONS: Contradiction[] = [
  ['shipped-after-cancellation', /o-1001 was cancelled.* have left: stop the parcel/, toCancelled, shipped()],
  ['shipped-after-cancellation', /was cancelled/, [cancelRequested()], shipped()],
  ['shipped-after-cancellation', /was cancelled/, toCancelled, reconciliationDue({ dispatched: true })],
  ['not-captured-after-shipping', /o-1001 has shipped, but its payment/, toShipped, declined()],
  [
    'cancelled-after-shipping',
    /o-1001 has shipped, but others/,
    toShipped,
    reconciliationDue({ decision: 'cancelled' }),
  ],
  [
    'cancelled-after-shipping',
    /has shipped, but others/,
    toConfirmed,
    reconciliationDue({ decision: 'cancelled', dispatched: true }),
  ],
  [
    'shipped-after-cancellation',
    /was cancelled/,
    [placed()],
    reconciliationDue({ decision: 'cancelled', dispatched: true }),
  ],
];

describe('What contradicts a shipment', () => {
  test.each(CONTRADICTIONS)('is noted as %s, and fails with what to do, each time: %s', (name, says, known, event) => {
    const step = next(orderAfter(...known), event);
    expect(step.after).toMatchObject({ contradiction: name });
    expect(step.failure).toBeInstanceOf(ConflictError);
    expect(step.failure?.message).toMatch(says);
    const again = next({ ...orderAfter(...known), ...step.after } as Order, event);
    expect(again.after).toBeUndefined();
    expect(again.failure).toEqual(step.failure);
  });

  test('leaves the decision as it is', () => {
    expect(next(orderAfter(...toShipped), declined()).after).toMatchObject({
      status: 'CONFIRMED',
      payment: 'declined',
    });
    expect(next(orderAfter(...toShipped), reconciliationDue({ decision: 'cancelled' })).after?.status).toBe(
      'CONFIRMED',
    );
    const cancelled = next(orderAfter(...toCancelled), shipped()).after;
    expect(cancelled).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    expect(cancelled?.timeline.map(({ type }) => type)).not.toContain('shop.order.shipped.v1');
  });

  test('is no failure of what comes later', () => {
    for (const [, , known, event] of CONTRADICTIONS) {
      const { after } = next(orderAfter(...known), event);
      for (const later of [captured(), reconciliationDue(), refunded({ refundId: 'r-1' })])
        expect(next(after, later).failure).toBeUndefined();
    }
  });

  test('keeps what was noted first', () => {
    const order = next(orderAfter(...toShipped), declined()).after;
    const step = next(order, reconciliationDue({ decision: 'cancelled' }));
    expect((step.after ?? order)?.contradiction).toBe('not-captured-after-shipping');
    expect(step.failure).toBeDefined();
  });

  test('is learnt from a replay without an alarm', () => {
    for (const [, , known, event] of CONTRADICTIONS) {
      if (event.type === 'shop.order.reconciliation-due.v1') continue;
      expect(replay(orderAfter(...known), event).failure).toBeUndefined();
    }
    const learnt = replay(orderAfter(...toShipped), declined()).after;
    expect(learnt).toMatchObject({ status: 'CONFIRMED', payment: 'declined' });
    expect(next(learnt, reconciliationDue()).failure).toBeDefined();
  });
});

describe('The order consumer', () => {
  /** The consumer's handler on records in memory, after events that were handled. */
  async function orderConsumer(...known: OrderInput[]) {
    const records = new MemoryRecordStore<Order>();
    const outside = { ...consumerDependencies(), refusalOf };
    const handler = consumer(
      'order',
      [...consumes, ...fromBus],
      orderHandler(records, () => handledAt),
      outside,
    );
    const receive = async (event: OrderInput) =>
      (await handler({ Records: [sqsRecord(event)] })).batchItemFailures.length;
    for (const event of known) await receive(event);
    const before = outside.published.length;
    return { outside, records, receive, published: () => outside.published.slice(before) };
  }

  test('notes a parcel of a cancelled order, dead-letters its message, and tells the publisher', async () => {
    const { outside, records, receive, published } = await orderConsumer(...toCancelled);
    expect(await receive(shipped())).toBe(0);
    expect(records.items.get('o-1001')).toMatchObject({ contradiction: 'shipped-after-cancellation' });
    expect(outside.deadLetters).toMatchObject([{ errorType: 'ConflictError' }]);
    expect(published()).toMatchObject([{ type: 'shop.order.refused.v1', data: { orderId: 'o-1001' } }]);
  });

  test('takes the redriven message of a parcel that left before the confirmation', async () => {
    const { outside, records, receive } = await orderConsumer(placed());
    await receive(shipped());
    expect(outside.deadLetters).toHaveLength(1);
    expect(records.items.get('o-1001')).not.toHaveProperty('dispatched');
    for (const event of [authorized(), reserved(), shipped()]) await receive(event);
    expect(outside.deadLetters).toHaveLength(1);
    expect(records.items.get('o-1001')).toMatchObject({ dispatched: true, published: 5 });
  });
});
