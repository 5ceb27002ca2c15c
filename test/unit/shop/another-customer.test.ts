import { describe, expect, test } from 'vitest';
import type { OrderPlaced } from '../../../contracts/order.ts';
import { type Notification, nextNotification } from '../../../lambdas/notification/rules.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment } from '../../../lambdas/payment/rules.ts';
import { type CustomerHash, customerHasher } from '../../../lambdas/runtime/customer-hash.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { stockHandler } from '../../../lambdas/stock/reserve.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, cancelRequested, placed } from '../../builders/events.ts';
import { MemoryStockTable } from '../../builders/stock-table.ts';

const now = new Date('2026-11-21T09:00:00Z');
const KEY = customerHasher('a key');

/** One consumer's record of an order; `place` returns what is thrown, if anything. */
type Consumer = {
  place(event: OrderPlaced, hash?: CustomerHash): Promise<unknown>;
  cancel(): Promise<void>;
  record(): object | undefined;
};

/** Keeps one record as pure rules decide. */
function ofRules<R extends object>(
  decide: (record: R | undefined, event: OrderPlaced, hash: CustomerHash) => { after?: R },
  cancel: (record: R | undefined) => { after?: R },
): Consumer {
  let record: R | undefined;
  return {
    async place(event, hash = KEY) {
      try {
        record = decide(record, event, hash).after ?? record;
        return undefined;
      } catch (error) {
        return error;
      }
    },
    async cancel() {
      record = cancel(record).after ?? record;
    },
    record: () => record,
  };
}

function stock(): Consumer {
  const table = new MemoryStockTable({ 'KB-01': 10 });
  const handle = (event: Parameters<typeof delivery>[0], hash = KEY) =>
    stockHandler(table, () => now, hash)([delivery(event) as never]);
  return {
    async place(event, hash) {
      const [result] = await handle(event, hash);
      return result !== undefined && 'failure' in result ? result.failure : undefined;
    },
    async cancel() {
      await handle(cancelled());
    },
    record: () => table.reservations.get('o-1001'),
  };
}

const notificationRules = { now, leaseSeconds: 30, textWhenPlaced: false };

const consumers: [string, () => Consumer][] = [
  [
    'order',
    () =>
      ofRules<Order>(
        (order, event, hash) => nextOrder(order, delivery(event), now, hash),
        (order) => nextOrder(order, delivery(cancelRequested()), now),
      ),
  ],
  [
    'payment',
    () =>
      ofRules<Payment>(
        (payment, event, hash) => nextPayment(payment, delivery(event), now, hash),
        (payment) => nextPayment(payment, delivery(cancelled()), now),
      ),
  ],
  ['stock', stock],
  [
    'notification',
    () =>
      ofRules<Notification>(
        (record, event, customerHash) =>
          nextNotification(record, delivery(event), { ...notificationRules, customerHash }),
        (record) => nextNotification(record, delivery(cancelled()), notificationRules),
      ),
  ],
];

/** Returns a placed order with the same goods and total, of the given customer; of a guest without one. */
function placedBy(id: string | undefined, parts: Parameters<typeof placed>[0] = {}): OrderPlaced {
  const event = placed(parts);
  return { ...event, data: { ...event.data, customer: { ...event.data.customer, id } } };
}

describe.each(consumers)('Under a used order id with the same goods and total, %s', (_, create) => {
  const another = { name: ConflictError.name, path: 'data.customer.id' };

  test('refuses another customer, and changes nothing', async () => {
    const consumer = create();
    await consumer.place(placedBy('c-7'));
    const before = structuredClone(consumer.record());
    expect(await consumer.place(placedBy('c-8', { id: 'another message' }))).toMatchObject(another);
    expect(consumer.record()).toEqual(before);
  });

  test('refuses another customer of an order that was cancelled before it came', async () => {
    const consumer = create();
    await consumer.cancel();
    await consumer.place(placedBy('c-7'));
    expect(await consumer.place(placedBy('c-8'))).toMatchObject(another);
  });

  test('takes the same customer for a repeat', async () => {
    const consumer = create();
    await consumer.place(placedBy('c-7'));
    expect(await consumer.place(placedBy('c-7', { id: 'another message', token: 'tok_other' }))).toBeUndefined();
  });

  test('takes an order for a repeat where either of the two names no customer', async () => {
    for (const [first, second] of [
      ['c-7', undefined],
      ['c-7', ''],
      [undefined, 'c-7'],
    ]) {
      const consumer = create();
      await consumer.place(placedBy(first));
      expect(await consumer.place(placedBy(second))).toBeUndefined();
    }
  });

  test('does not compare customers who were hashed with different keys', async () => {
    const consumer = create();
    await consumer.place(placedBy('c-7'));
    expect(await consumer.place(placedBy('c-7'), customerHasher('a new key'))).toBeUndefined();
    expect(await consumer.place(placedBy('c-8'), customerHasher('a new key'))).toBeUndefined();
  });

  test('keeps only the hash of the customer', async () => {
    const consumer = create();
    await consumer.place(placedBy('customer-4711'));
    expect(consumer.record()).toMatchObject({ customer: KEY('o-1001', 'customer-4711') });
    expect(JSON.stringify(consumer.record())).not.toContain('4711');
  });
});
