import { expect, onTestFinished, test } from 'vitest';
import {
  chargesOf,
  decided,
  depth,
  eventually,
  orderOf,
  placed,
  publishAll,
  queueUrl,
  setGatewayState,
  setReceiving,
  setStock,
  shelfOf,
  testOrder,
} from './deployed-shop.ts';

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
    expect(await chargesOf(orderId)).toEqual(['capture 12000 KRW']);
  }
});
