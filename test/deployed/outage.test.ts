import { expect, onTestFinished, test } from 'vitest';
import {
  chargesOf,
  decided,
  depth,
  eventually,
  gateway,
  orderOf,
  placed,
  publishAll,
  queueUrl,
  receiving,
  shelfOf,
  stockUp,
  testOrder,
} from './deployed-shop.ts';

test('while a consumer is down its messages wait and the others go on; when it is back it catches up by itself', async () => {
  onTestFinished(() => receiving('payment', true));
  await receiving('payment', false);
  const first = testOrder();
  const orders = [first, ...Array.from({ length: 11 }, () => testOrder({ sku: first.sku }))];
  await stockUp(first.sku, 12);
  await publishAll(orders.map((order) => placed(order)));

  await eventually('all goods are reserved', async () => (await shelfOf(first.sku))?.reserved === 12);
  expect(await depth(queueUrl('payment'))).toMatchObject({ waiting: 12 });
  await eventually('the order is on record', () => orderOf(first.orderId));
  expect(await orderOf(first.orderId)).toMatchObject({ status: 'PLACED' });

  await receiving('payment', true);
  for (const { orderId } of orders) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
});

test('while the payment gateway is down nothing is lost or dead-lettered, and every order is paid once when it is back', async () => {
  onTestFinished(() => gateway('up'));
  await gateway('down');
  const first = testOrder();
  const orders = [first, ...Array.from({ length: 4 }, () => testOrder({ sku: first.sku }))];
  await stockUp(first.sku, 5);
  await publishAll(orders.map((order) => placed(order)));
  await eventually('all goods are reserved', async () => (await shelfOf(first.sku))?.reserved === 5);
  await eventually('the order is on record', () => orderOf(first.orderId));
  expect(await orderOf(first.orderId)).toMatchObject({ status: 'PLACED' });

  await gateway('up');
  for (const { orderId } of orders) {
    expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await chargesOf(orderId)).toEqual(['capture 12000 KRW']);
  }
});
