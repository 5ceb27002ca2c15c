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
  shelfOf,
  stockUp,
  sweepAfter,
  wish,
} from './shop.ts';

test('an order that is stuck past its deadline is cancelled, and a late capture is undone', async () => {
  onTestFinished(() => receiving('payment', true));
  await receiving('payment', false);
  const order = wish();
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
