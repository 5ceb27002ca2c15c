import { expect, test } from 'vitest';
import { chargesOf, decided, placed, publishAll, quiet, shelfOf, stockUp, wish } from './shop.ts';

test('500 orders at once all reach a terminal state, and goods and money add up', { timeout: 900_000 }, async () => {
  const sku = wish().sku;
  const orders = Array.from({ length: 500 }, () => wish({ sku }));
  await stockUp(sku, 450);
  await publishAll(orders.map((order) => placed(order)));

  const states = [];
  for (const { orderId } of orders) states.push((await decided(orderId, 400)).status);
  await quiet();
  expect(states.filter((status) => status === 'CONFIRMED')).toHaveLength(450);
  expect(states.filter((status) => status === 'CANCELLED')).toHaveLength(50);
  expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0, sold: 450 });

  const charges = (await Promise.all(orders.map(({ orderId }) => chargesOf(orderId)))).flat();
  expect(charges.filter((charge) => charge.startsWith('capture'))).toHaveLength(500);
  expect(charges.filter((charge) => charge.startsWith('refund'))).toHaveLength(50);
});
