import '../provided.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { orderCancelRefused } from '../../../contracts/order.ts';
import { paymentRefundDue, paymentRefunded, paymentRefundRefused } from '../../../contracts/payment.ts';
import { stockReturned } from '../../../contracts/stock.ts';
import { textFor } from '../../../lambdas/notification/texts.ts';
import type { TestOrder } from '../../harness/shop-state.ts';
import { subscribeToBus } from '../bus-queue.ts';
import {
  cancelRequested,
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentIs,
  paymentOf,
  placed,
  publish,
  putOnBus,
  received,
  refundRequested,
  setStock,
  shelfOf,
  shipmentOf,
  shipped,
  takeDeadLetter,
  takeMessage,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

/** What the publishers of requests subscribe to. */
const ANSWERS = [orderCancelRefused, paymentRefunded, paymentRefundRefused, paymentRefundDue, stockReturned];

let answers: string;

beforeAll(async () => {
  answers = await subscribeToBus(ANSWERS.map(({ type }) => type));
});

/** Waits for what the bus says about an order, by its type, and returns its data. */
const answerAbout = async ({ orderId }: TestOrder, { type }: { type: string }) => {
  const { Body = '' } = await eventually(`the bus says ${type} of ${orderId}`, () =>
    takeMessage(answers, (body) => body.includes(orderId) && body.includes(`"${type}"`)),
  );
  return (JSON.parse(Body) as CloudEvent<string, unknown>).data;
};

/** Places an order of two pieces, and waits until it is confirmed, paid, sold, told and shown to those who ship. */
async function confirmedOrder(parts: Partial<TestOrder> = {}): Promise<TestOrder> {
  const order = testOrder({ quantity: 2, ...parts });
  await setStock(order.sku, 2);
  await publish(placed(order));
  if (parts.payment?.kind === 'awaited') {
    await paymentIs(order.orderId, 'awaiting');
    await putOnBus(received(order.orderId, { amount: 24_000, reference: 'transfer 1' }));
  }
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  await eventually('it is to be shipped', async () => (await shipmentOf(order.orderId))?.status === 'CONFIRMED');
  await eventually('its goods are sold', async () => (await shelfOf(order.sku))?.sold === 2);
  await eventually('its customer is told', async () => (await textsTo(order.phone)).length === 1);
  await eventually(
    'it is paid',
    async () => (await paymentOf(order.orderId)) !== 'capturing' && (await paymentOf(order.orderId)) !== 'authorized',
  );
  return order;
}

const isDispatched = ({ orderId }: TestOrder) =>
  eventually(`${orderId} is noted as shipped`, async () => (await orderOf(orderId))?.dispatched);

const text = (template: Parameters<typeof textFor>[0], { locale, orderId }: TestOrder) =>
  textFor(template, locale, orderId);

describe('A confirmed order', () => {
  test('is cancelled until it ships: its money and goods go back, its customer is told, and those who ship are stopped', async () => {
    const order = await confirmedOrder();
    const request = cancelRequested(order.orderId);
    for (const _ of ['once', 'again']) await publish(request);
    await paymentIs(order.orderId, 'refunded');
    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    expect(await chargesOf(order.orderId)).toEqual([...capturedOnce(24_000), 'refund 24000 KRW']);
    await eventually('its goods are back', async () => (await shelfOf(order.sku))?.available === 2);
    expect(await shelfOf(order.sku)).toMatchObject({ reserved: 0, sold: 0 });
    await eventually('those who ship are told', async () => (await shipmentOf(order.orderId))?.status === 'CANCELLED');
    expect((await shipmentOf(order.orderId))?.shipment?.cancelledAt).toBeDefined();
    await eventually('its customer is told', async () => (await textsTo(order.phone)).length > 1);
    await waitForEmptyQueues();
    expect(await textsTo(order.phone)).toEqual([text('order-confirmed', order), text('order-cancelled', order)]);

    const second = cancelRequested(order.orderId);
    await publish(second);
    expect(await answerAbout(order, orderCancelRefused)).toEqual({
      orderId: order.orderId,
      reason: 'already-cancelled',
      source: second.source,
      id: second.id,
    });
  });

  test('is not cancelled once it has shipped, which whoever asks is told with the id of the request', async () => {
    const order = await confirmedOrder();
    await publish(shipped(order.orderId));
    await isDispatched(order);
    const request = cancelRequested(order.orderId);
    await publish(request);
    expect(await answerAbout(order, orderCancelRefused)).toEqual({
      orderId: order.orderId,
      reason: 'shipped',
      source: request.source,
      id: request.id,
    });
    await waitForEmptyQueues();
    expect(await orderOf(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await chargesOf(order.orderId)).toEqual(capturedOnce(24_000));
    expect(await shelfOf(order.sku)).toMatchObject({ available: 0, sold: 2 });
    expect(await textsTo(order.phone)).toHaveLength(1);
  });

  test('that shipped after its cancellation is a dead letter, which names it', async () => {
    const order = await confirmedOrder();
    await publish(cancelRequested(order.orderId));
    await paymentIs(order.orderId, 'refunded');
    const message = shipped(order.orderId);
    await publish(message);
    const letter = await takeDeadLetter('order', message.id);
    expect(letter).toMatchObject({ errorType: 'ConflictError', attempts: '1' });
    expect(letter.errorMessage).toContain(order.orderId);
    expect(await orderOf(order.orderId)).toMatchObject({
      status: 'CANCELLED',
      contradiction: 'shipped-after-cancellation',
    });
  });

  test('is refunded in part, with a piece back on the shelf, and never beyond what was captured', async () => {
    const order = await confirmedOrder();
    const { orderId, sku } = order;
    const first = { refundId: 'r-1', amount: 12_000, items: [{ sku, quantity: 1, restock: true }] };
    for (const _ of ['once', 'again']) await publish(refundRequested(orderId, first));
    expect(await answerAbout(order, paymentRefunded)).toEqual({
      orderId,
      refundId: 'r-1',
      amount: 12_000,
      currency: 'KRW',
      refunded: 12_000,
    });
    expect(await answerAbout(order, stockReturned)).toEqual({ orderId, refundId: 'r-1', items: first.items });
    await eventually('its customer is told', async () => (await textsTo(order.phone)).length > 1);

    const beyond = refundRequested(orderId, { refundId: 'r-2', amount: 12_001 });
    await publish(beyond);
    expect(await answerAbout(order, paymentRefundRefused)).toEqual({
      orderId,
      refundId: 'r-2',
      amount: 12_001,
      captured: 24_000,
      refunded: 12_000,
      currency: 'KRW',
    });
    const letter = await takeDeadLetter('payment', beyond.id);
    expect(letter).toMatchObject({ errorType: 'ConflictError', attempts: '1' });
    for (const amount of ['12001', '24000', '12000']) expect(letter.errorMessage).toContain(amount);
    await waitForEmptyQueues();
    expect(await chargesOf(orderId)).toEqual([...capturedOnce(24_000), 'refund 12000 KRW']);
    expect(await shelfOf(sku)).toEqual({ sku, available: 1, reserved: 0, sold: 2 });
    expect(await textsTo(order.phone)).toEqual([text('order-confirmed', order), text('order-refunded', order)]);
    expect(await orderOf(orderId)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('that was paid by transfer is refunded by a person', async () => {
    const order = await confirmedOrder({ payment: { kind: 'awaited' } });
    const { orderId } = order;
    await publish(refundRequested(orderId, { refundId: 'r-1', amount: 12_000 }));
    expect(await answerAbout(order, paymentRefundDue)).toMatchObject({
      orderId,
      refundId: 'r-1',
      amount: 12_000,
      currency: 'KRW',
    });
    expect(await chargesOf(orderId)).toEqual([]);
    expect(await orderOf(orderId)).toMatchObject({ status: 'CONFIRMED' });
  });
});
