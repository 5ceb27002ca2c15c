import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { dueRefundsIndex } from '../../../lambdas/payment/record.ts';
import { explain } from '../../../ops/explain/explain.ts';
import { loadOrderRecords } from '../../../ops/orders/records.ts';
import { buildTrace } from '../../../ops/orders/trace.ts';
import { traceText } from '../../../ops/orders/trace-text.ts';
import { listGatewayRecords } from '../../../ops/sandbox/gateway.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import { statusDocument } from '../../../ops/status/health.ts';
import type { TestOrder } from '../../harness/shop-state.ts';
import {
  cancelRequested,
  decided,
  eventually,
  orderOf,
  output,
  paymentIs,
  paymentOf,
  placed,
  publish,
  putOnBus,
  received,
  setStock,
  shop,
  tables,
  takeDeadLetter,
  testOrder,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

/** Publishes an order that is paid in this way, with its goods on the shelf. */
async function place(payment: object, parts: Partial<TestOrder> = {}): Promise<string> {
  const order = testOrder(parts);
  await setStock(order.sku, 1);
  const message = placed(order);
  await publish({ ...message, data: { ...message.data, payment } });
  return order.orderId;
}

const moves = async (orderId: string) =>
  (await listGatewayRecords(shop, orderId)).map(({ kind, amount, reference }) => [kind, amount, reference]);

const status = async () => statusDocument(await statusCollector(shop)());
const refundsDue = async () => (await status()).refundsDue;

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
    await paymentIs(orderId, 'voided');
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

test('a refund that the provider refuses for ever is due, and the status names it with the provider’s code', async () => {
  const orderId = await place({ kind: 'captured', reference: 'pay_disputed' }, { quantity: 2 });
  expect(await decided(orderId)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
  await paymentIs(orderId, 'refund-due');
  const due = await eventually('the status names it', async () =>
    (await status()).oldestRefundsDue.find((refund) => refund.orderId === orderId),
  );
  const money = { amount: 24_000, currency: 'KRW' };
  expect(due).toMatchObject({ ...money, reason: 'charge_disputed', reference: 'pay_disputed' });
  expect(await moves(orderId)).toEqual([]);
  const records = (await loadOrderRecords(shop, [orderId])).get(orderId) ?? {};
  const trace = buildTrace(records);
  expect(trace && traceText(trace)).toContain('payment refund-due (charge_disputed)');

  // As docs/runbook/refund-due.md says, once a person has sent it.
  await tables.send(
    new UpdateCommand({
      TableName: output('PaymentsTableName'),
      Key: { orderId },
      ConditionExpression: 'refunds[0].#state = :due',
      UpdateExpression: 'SET refunds[0].#state = :done, version = version + :one REMOVE refundDue',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':due': 'due', ':done': 'done', ':one': 1 },
    }),
  );
  await eventually('the status names it no more', async () =>
    (await status()).oldestRefundsDue.every((refund) => refund.orderId !== orderId),
  );
  expect(await paymentOf(orderId)).toBe('refund-due');
});

test('an authorization of the checkout is captured by its reference, or voided after out-of-stock', async () => {
  const confirmed = await place({ kind: 'authorized', reference: 'pi_held' });
  expect(await decided(confirmed)).toMatchObject({ status: 'CONFIRMED' });
  await paymentIs(confirmed, 'captured');
  expect(await moves(confirmed)).toEqual([
    ['authorization', 12_000, 'pi_held'],
    ['capture', 12_000, 'pi_held'],
  ]);

  const cancelled = await place({ kind: 'authorized', reference: 'pi_held_2' }, { quantity: 2 });
  expect(await decided(cancelled)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
  await paymentIs(cancelled, 'voided');
  expect(await moves(cancelled)).toEqual([
    ['authorization', 24_000, 'pi_held_2'],
    ['void', 24_000, 'pi_held_2'],
  ]);
});

test('an authorization of the checkout that has lapsed is a decline', async () => {
  const orderId = await place({ kind: 'authorized', reference: 'auth_lapsed' });
  expect(await decided(orderId)).toMatchObject({ status: 'CANCELLED', reason: 'payment-declined' });
  expect(await moves(orderId)).toEqual([]);
});

test.each([
  ['is paid on delivery', { kind: 'on-delivery' }, {}],
  ['costs nothing', { token: 'tok_error' }, { unitPrice: 0 }],
])('an order that %s is confirmed without the gateway', async (_, payment, parts) => {
  const orderId = await place(payment, parts);
  expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED', payment: 'authorized' });
  await waitForEmptyQueues();
  expect(await paymentOf(orderId)).toBe('authorized');
  expect(await moves(orderId)).toEqual([]);
});

test('explain shows both rules that bring events to payment, and which one takes a report', async () => {
  const { routes } = await explain(shop, { type: 'shop.payment.received.v1' });
  const toPayment = routes.filter(({ to }) => to === 'payment');
  expect(toPayment.map(({ gets }) => gets).sort()).toEqual(['no', 'yes']);
});
