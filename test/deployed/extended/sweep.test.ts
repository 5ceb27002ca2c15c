import { expect, onTestFinished, test } from 'vitest';
import {
  backdateAndSweep,
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentIs,
  placed,
  publish,
  setReceiving,
  setReminderHours,
  setStock,
  shelfOf,
  testOrder,
  textsTo,
  voidedOnce,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

test('an undecided order is cancelled after its deadline, and nothing is charged when its payment goes on', async () => {
  onTestFinished(() => setReceiving('payment', true));
  await setReceiving('payment', false);
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('the goods are reserved', async () => (await shelfOf(order.sku))?.reserved === 1);
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open);

  await backdateAndSweep(order.orderId, 1);
  expect(await orderOf(order.orderId)).toMatchObject({ status: 'PLACED' });
  await backdateAndSweep(order.orderId, 49);
  expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
  expect(await orderOf(order.orderId)).toMatchObject({ open: expect.stringMatching('^decided') });
  await eventually('the goods are back', async () => (await shelfOf(order.sku))?.available === 1);

  await setReceiving('payment', true);
  await paymentIs(order.orderId, 'voided');
  await waitForEmptyQueues();
  // The order and its cancellation arrive in any sequence.
  expect([[], voidedOnce()]).toContainEqual(await chargesOf(order.orderId));
});

test('the customer of a delayed order is texted once about the delay and then about the decision', async () => {
  onTestFinished(async () => {
    await setReceiving('payment', true);
    await setReminderHours(0);
  });
  await setReceiving('payment', false);
  await setReminderHours(6);
  const order = testOrder({ locale: 'en' });
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open?.startsWith('open'));

  await backdateAndSweep(order.orderId, 5);
  expect(await orderOf(order.orderId)).toMatchObject({ open: expect.stringMatching('^open') });
  await backdateAndSweep(order.orderId, 7);
  const [told] = await eventually('the customer is told', async () => {
    const texts = await textsTo(order.phone);
    return texts.length > 0 ? texts : undefined;
  });
  expect(told).toContain('takes longer than usual');
  await backdateAndSweep(order.orderId, 8);

  await setReceiving('payment', true);
  await decided(order.orderId);
  await eventually('the customer knows', async () => (await textsTo(order.phone)).length > 1);
  expect(await textsTo(order.phone)).toEqual([told, expect.stringContaining('is confirmed')]);
});
