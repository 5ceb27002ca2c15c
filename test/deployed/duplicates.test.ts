import { expect, test } from 'vitest';
import {
  capturedOnce,
  chargesOf,
  decided,
  placed,
  publish,
  publishAll,
  setStock,
  shelfOf,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from './deployed-shop.ts';

test('a message published five times is charged, reserved and texted once', async () => {
  const order = testOrder();
  await setStock(order.sku, 9);
  const message = placed(order);
  await publishAll([message, message, message, message, message]);

  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  await waitForEmptyQueues();
  expect(await chargesOf(order.orderId)).toEqual(capturedOnce());
  expect(await shelfOf(order.sku)).toMatchObject({ available: 8, reserved: 0, sold: 1 });
  expect(await textsTo(order.phone)).toHaveLength(1);
});

test('an order published again with new message ids is charged, reserved and texted once', async () => {
  const order = testOrder();
  await setStock(order.sku, 9);
  await Promise.all([publish(placed(order)), publish(placed(order)), publish(placed(order))]);
  await decided(order.orderId);
  await publish(placed(order));

  await waitForEmptyQueues();
  expect(await chargesOf(order.orderId)).toEqual(capturedOnce());
  expect(await shelfOf(order.sku)).toMatchObject({ available: 8, reserved: 0, sold: 1 });
  expect(await textsTo(order.phone)).toHaveLength(1);
});
