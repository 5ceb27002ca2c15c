import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import {
  decided,
  eventually,
  placed,
  publish,
  putOnBus,
  setStock,
  shelfOf,
  takeDeadLetter,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

const told = (phone: string, times: number) =>
  eventually(`${times} texts are sent`, async () => (await textsTo(phone)).length === times || undefined);

const soldOf = (sku: string, pieces: number) =>
  eventually(`${pieces} pieces are sold`, async () => (await shelfOf(sku))?.sold === pieces || undefined);

describe('An order under a used id', () => {
  test.each([
    ['another customer', { id: 'somebody else' }, ['order', 'payment', 'stock', 'notification']],
    ['another phone', { phone: '+447700900123' }, ['notification']],
  ] as const)('with %s is dead-lettered by every consumer that can tell', async (what, change, consumers) => {
    const order = testOrder();
    await setStock(order.sku, 9);
    await publish(placed(order));
    await decided(order.orderId);
    await told(order.phone, 1);
    const again = placed(order);
    await publish({ ...again, data: { ...again.data, customer: { ...again.data.customer, ...change } } });
    for (const consumer of consumers) {
      const letter = await takeDeadLetter(consumer, again.id);
      expect(letter).toMatchObject({ errorType: 'ConflictError', attempts: '1' });
      expect(letter.errorMessage).toContain(what);
    }
    expect(await textsTo(order.phone)).toHaveLength(1);
  });
});

test('an order that is cancelled after its confirmation has its goods put back, and its customer is told', async () => {
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  await soldOf(order.sku, 1);
  await told(order.phone, 1);
  const event = { id: ulid(), source: '/shop/order', type: 'shop.order.cancelled.v1' };
  const cancelled = { ...event, specversion: '1.0', data: { orderId: order.orderId, reason: 'payment-declined' } };
  for (const _ of ['once', 'again']) await putOnBus(cancelled);
  await told(order.phone, 2);
  await soldOf(order.sku, 0);
  await waitForEmptyQueues();
  expect(await shelfOf(order.sku)).toMatchObject({ available: 1, reserved: 0, sold: 0 });
  expect(await textsTo(order.phone)).toHaveLength(2);
});
