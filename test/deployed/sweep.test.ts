import { expect, onTestFinished, test } from 'vitest';
import {
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentOf,
  placed,
  publish,
  receiving,
  remindAfter,
  shelfOf,
  stockUp,
  sweepAfter,
  testOrder,
  textsTo,
} from './deployed-shop.ts';

test('an order that is stuck past its deadline is cancelled, and a late capture is undone', async () => {
  onTestFinished(() => receiving('payment', true));
  await receiving('payment', false);
  const order = testOrder();
  await stockUp(order.sku, 1);
  await publish(placed(order));
  await eventually('the goods are reserved', async () => (await shelfOf(order.sku))?.reserved === 1);
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open);

  await sweepAfter(order.orderId, 1);
  expect(await orderOf(order.orderId)).toMatchObject({ status: 'PLACED' });
  await sweepAfter(order.orderId, 49);
  expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
  expect(await orderOf(order.orderId)).not.toHaveProperty('open');
  await eventually('the goods are back', async () => (await shelfOf(order.sku))?.available === 1);

  await receiving('payment', true);
  await eventually('no money is held', async () =>
    ['refunded', 'cancelled'].includes(String(await paymentOf(order.orderId))),
  );
  const charges = await chargesOf(order.orderId);
  expect(charges.filter((charge) => charge.startsWith('capture')).length).toBe(
    charges.filter((charge) => charge.startsWith('refund')).length,
  );
});

test('the customer of an order that takes long is told so once, and of the decision when it comes', async () => {
  onTestFinished(async () => {
    await receiving('payment', true);
    await remindAfter(0);
  });
  await receiving('payment', false);
  await remindAfter(6);
  const order = testOrder({ locale: 'en' });
  await stockUp(order.sku, 1);
  await publish(placed(order));
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open?.startsWith('open'));

  await sweepAfter(order.orderId, 5);
  expect(await orderOf(order.orderId)).toMatchObject({ open: expect.stringMatching('^open') });
  await sweepAfter(order.orderId, 7);
  const [told] = await eventually('the customer is told', async () => {
    const texts = await textsTo(order.phone);
    return texts.length > 0 ? texts : undefined;
  });
  expect(told).toContain('takes longer than usual');
  await sweepAfter(order.orderId, 8);

  await receiving('payment', true);
  await decided(order.orderId);
  await eventually('the customer knows', async () => (await textsTo(order.phone)).length > 1);
  expect(await textsTo(order.phone)).toEqual([told, expect.stringContaining('is confirmed')]);
});
