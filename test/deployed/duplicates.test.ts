import { expect, test } from 'vitest';
import {
  chargesOf,
  decided,
  placed,
  publish,
  publishAll,
  quiet,
  shelfOf,
  stockUp,
  testOrder,
  textsTo,
} from './deployed-shop.ts';

test('the same message published five times has the effect of one', async () => {
  const order = testOrder();
  await stockUp(order.sku, 9);
  const message = placed(order);
  await publishAll([message, message, message, message, message]);

  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  await quiet();
  expect(await chargesOf(order.orderId)).toEqual(['capture 12000 KRW']);
  expect(await shelfOf(order.sku)).toMatchObject({ available: 8, reserved: 0, sold: 1 });
  expect(await textsTo(order.phone)).toHaveLength(1);
});

test('a publisher that tries again with new message ids has the effect of one', async () => {
  const order = testOrder();
  await stockUp(order.sku, 9);
  await Promise.all([publish(placed(order)), publish(placed(order)), publish(placed(order))]);
  await decided(order.orderId);
  await publish(placed(order));

  await quiet();
  expect(await chargesOf(order.orderId)).toEqual(['capture 12000 KRW']);
  expect(await shelfOf(order.sku)).toMatchObject({ available: 8, reserved: 0, sold: 1 });
  expect(await textsTo(order.phone)).toHaveLength(1);
});
