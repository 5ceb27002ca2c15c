import { expect, test } from 'vitest';
import {
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentOf,
  placed,
  publish,
  publishAll,
  shelfOf,
  shipmentOf,
  stockUp,
  wish,
} from './shop.ts';

test('shipping follows every step of an order in sequence and records one shipment for a confirmed order', async () => {
  const order = wish({ quantity: 2 });
  await stockUp(order.sku, 2);
  await publish(placed(order));
  await decided(order.orderId);
  const shipment = await eventually('the shipment is recorded', async () => {
    const known = await shipmentOf(order.orderId);
    return known?.sequence === 4 ? known : undefined;
  });
  expect(shipment).toMatchObject({ status: 'CONFIRMED', shipment: { items: [{ sku: order.sku, quantity: 2 }] } });
  await eventually(
    'the whole timeline is noted as published',
    async () => (await orderOf(order.orderId))?.published === 4,
  );
});

test('a cancelled order is followed to its end and never shipped', async () => {
  const order = wish({ token: 'tok_declined' });
  await stockUp(order.sku, 1);
  await publishAll([placed(order), placed(order)]);
  await decided(order.orderId);
  const shipment = await eventually('shipping knows', async () => {
    const known = await shipmentOf(order.orderId);
    return known?.status === 'CANCELLED' ? known : undefined;
  });
  expect(shipment.shipment).toBeUndefined();
});

test('300 buyers of 50 pieces at once: 50 confirmed, 250 cancelled and refunded, nothing held', {
  timeout: 900_000,
}, async () => {
  const { sku } = wish();
  const orders = Array.from({ length: 300 }, () => wish({ sku }));
  await stockUp(sku, 50);
  await publishAll(orders.map((order) => placed(order)));

  const ends = [];
  for (const { orderId } of orders) {
    const { status, reason } = await decided(orderId, 400);
    ends.push(reason ?? status);
    if (status === 'CANCELLED') {
      await eventually('the money is back', async () => (await paymentOf(orderId)) === 'refunded');
      expect(await chargesOf(orderId)).toHaveLength(2);
    }
  }
  expect(ends.filter((end) => end === 'CONFIRMED')).toHaveLength(50);
  expect(ends.filter((end) => end === 'out-of-stock')).toHaveLength(250);
  await eventually('all is sold', async () => (await shelfOf(sku))?.sold === 50);
  expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0 });
});
