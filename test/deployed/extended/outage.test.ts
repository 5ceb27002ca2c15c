import { expect, onTestFinished, test } from 'vitest';
import { readWaitingOrders } from '../../../ops/status/waiting.ts';
import {
  cancelRequested,
  capturedOnce,
  chargesOf,
  decided,
  depth,
  eventually,
  orderOf,
  paymentIs,
  paymentOf,
  placed,
  publish,
  publishAll,
  queueUrl,
  setGatewayState,
  setReceiving,
  setStock,
  shelfOf,
  shop,
  testOrder,
  textsTo,
} from '../deployed-shop.ts';

test('messages of a stopped consumer wait while others continue, and are handled when it is started again', async () => {
  onTestFinished(() => setReceiving('payment', true));
  await setReceiving('payment', false);
  const first = testOrder();
  const orders = [first, ...Array.from({ length: 11 }, () => testOrder({ sku: first.sku }))];
  await setStock(first.sku, 12);
  await publishAll(orders.map((order) => placed(order)));

  await eventually('all goods are reserved', async () => (await shelfOf(first.sku))?.reserved === 12);
  expect(await depth(queueUrl('payment'))).toMatchObject({ waiting: 12 });
  await eventually('the order is on record', () => orderOf(first.orderId));
  expect(await orderOf(first.orderId)).toMatchObject({ status: 'PLACED' });

  await setReceiving('payment', true);
  for (const { orderId } of orders) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
});

test('orders wait during a payment gateway outage and are charged once when it is over', async () => {
  onTestFinished(() => setGatewayState('up'));
  await setGatewayState('down');
  const first = testOrder();
  const orders = [first, ...Array.from({ length: 4 }, () => testOrder({ sku: first.sku }))];
  await setStock(first.sku, 5);
  await publishAll(orders.map((order) => placed(order)));
  await eventually('all goods are reserved', async () => (await shelfOf(first.sku))?.reserved === 5);
  await eventually('the order is on record', () => orderOf(first.orderId));
  expect(await orderOf(first.orderId)).toMatchObject({ status: 'PLACED' });

  await setGatewayState('up');
  for (const { orderId } of orders) {
    expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    await paymentIs(orderId, 'captured');
    expect(await chargesOf(orderId)).toEqual(capturedOnce());
  }
});

test('an order that alone cannot be paid is named, keeps no other from being confirmed, and ends when it is cancelled', async () => {
  const stuck = testOrder({ token: 'tok_error' });
  await setStock(stuck.sku, 1);
  await publish(placed(stuck));
  await eventually('its payment is begun', () => paymentOf(stuck.orderId));
  const others = Array.from({ length: 5 }, () => testOrder());
  for (const { sku } of others) await setStock(sku, 1);
  await publishAll(others.map((order) => placed(order)));
  for (const { orderId } of others) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });

  const waiting = await eventually('the goods are reserved, and it waits for its payment alone', async () => {
    const found = (await readWaitingOrders(shop)).find(({ orderId }) => orderId === stuck.orderId);
    return found?.waitsFor === 'payment' ? found : undefined;
  });
  expect(new Date(waiting.since).getTime()).not.toBeNaN();

  await publish(cancelRequested(stuck.orderId));
  expect(await decided(stuck.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
  await paymentIs(stuck.orderId, 'voided');
  expect(await chargesOf(stuck.orderId)).toEqual([]);
  await eventually('the goods are back', async () => (await shelfOf(stuck.sku))?.available === 1);
  await eventually('the customer is told', async () => (await textsTo(stuck.phone)).length === 1);
});

test('a cancellation while the gateway is down ends with nothing charged when it is back', async () => {
  onTestFinished(() => setGatewayState('up'));
  await setGatewayState('down');
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('its payment is begun', () => paymentOf(order.orderId));
  await publish(cancelRequested(order.orderId));
  expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
  await paymentIs(order.orderId, 'voiding');

  await setGatewayState('up');
  await paymentIs(order.orderId, 'voided');
  expect(await chargesOf(order.orderId)).toEqual([]);
});
