import { describe, expect, test } from 'vitest';
import { dueRefundsIndex } from '../../lambdas/payment/record.ts';
import { explain } from '../../ops/explain/explain.ts';
import { listGatewayRecords } from '../../ops/sandbox/gateway.ts';
import { statusCollector } from '../../ops/status/collect.ts';
import { statusDocument } from '../../ops/status/health.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import {
  cancelRequested,
  decided,
  eventually,
  orderOf,
  paymentOf,
  placed,
  publish,
  putOnBus,
  received,
  setStock,
  shop,
  takeDeadLetter,
  testOrder,
} from './deployed-shop.ts';

/** Publishes an order that is paid in this way, with its goods on the shelf. */
async function place(payment: object, parts: Partial<TestOrder> = {}): Promise<string> {
  const order = testOrder(parts);
  await setStock(order.sku, 1);
  const message = placed(order);
  await publish({ ...message, data: { ...message.data, payment } });
  return order.orderId;
}

const paymentIs = (orderId: string, state: string) =>
  eventually(`the payment of ${orderId} is ${state}`, async () => (await paymentOf(orderId)) === state);

const moves = async (orderId: string) =>
  (await listGatewayRecords(shop, orderId)).map(({ kind, amount, reference }) => [kind, amount, reference]);

const refundsDue = async () => statusDocument(await statusCollector(shop)()).refundsDue;

describe('An order whose payment is awaited', () => {
  test('is confirmed when the payment is reported on the bus, and charged nothing', async () => {
    const orderId = await place({ kind: 'awaited' });
    await paymentIs(orderId, 'awaiting');
    expect((await orderOf(orderId))?.status ?? 'PLACED').toBe('PLACED');
    await putOnBus(received(orderId, { reference: 'transfer 1' }));
    expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await moves(orderId)).toEqual([]);
  });

  test('is confirmed when the report overtakes the order', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await putOnBus(received(order.orderId));
    const message = placed(order);
    await publish({ ...message, data: { ...message.data, payment: { kind: 'awaited' } } });
    expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('is not confirmed by a wrong amount, which is a dead letter with a sentence', async () => {
    const orderId = await place({ kind: 'awaited' });
    await paymentIs(orderId, 'awaiting');
    await putOnBus(received(orderId, { amount: 11_000 }));
    expect(await takeDeadLetter('payment', orderId)).toMatchObject({
      errorType: 'ConflictError',
      errorMessage: `Order ${orderId} costs 12000 KRW (minor units), but a payment of 11000 KRW was reported`,
    });
    expect(await paymentOf(orderId)).toBe('awaiting');
    await putOnBus(received(orderId));
    expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('that is cancelled after the payment has a refund due, which the status counts', async () => {
    const before = await refundsDue();
    const orderId = await place({ kind: 'awaited' });
    await paymentIs(orderId, 'awaiting');
    await publish(cancelRequested(orderId));
    expect(await decided(orderId)).toMatchObject({ status: 'CANCELLED' });
    await paymentIs(orderId, 'cancelled');
    await putOnBus(received(orderId));
    await paymentIs(orderId, 'refund-due');
    await eventually(`${dueRefundsIndex} has it`, async () => (await refundsDue()) === before + 1);
  });
});

test('an order that the checkout has charged is confirmed, and refunded by its reference after out-of-stock', async () => {
  const confirmed = await place({ kind: 'captured', reference: 'pi_checkout_1' });
  expect(await decided(confirmed)).toMatchObject({ status: 'CONFIRMED' });
  expect(await moves(confirmed)).toEqual([]);

  const cancelled = await place({ kind: 'captured', reference: 'pi_checkout_2' }, { quantity: 2 });
  expect(await decided(cancelled)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
  await paymentIs(cancelled, 'refunded');
  expect(await moves(cancelled)).toEqual([['refund', 24_000, 'pi_checkout_2']]);
});

test('an authorization of the checkout is captured by its reference', async () => {
  const orderId = await place({ kind: 'authorized', reference: 'pi_held' });
  expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
  expect(await moves(orderId)).toEqual([['capture', 12_000, 'pi_held']]);
});

test.each([
  ['is paid on delivery', { kind: 'on-delivery' }, {}, 'on-delivery'],
  ['costs nothing', { token: 'tok_error' }, { unitPrice: 0 }, 'not-needed'],
])('an order that %s is confirmed without a payment', async (_, payment, parts, state) => {
  const orderId = await place(payment, parts);
  expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED', payment: 'not-needed' });
  await paymentIs(orderId, state);
  expect(await moves(orderId)).toEqual([]);
});

test('explain shows both rules that bring events to payment, and which one takes a report', async () => {
  const { routes } = await explain(shop, { type: 'shop.payment.received.v1' });
  const toPayment = routes.filter(({ to }) => to === 'payment');
  expect(toPayment.map(({ gets }) => gets).sort()).toEqual(['no', 'yes']);
});
