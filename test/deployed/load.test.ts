import { expect, test } from 'vitest';
import { crowd } from './capabilities.ts';
import { chargesOf, decided, placed, publishAll, quiet, shelfOf, stockUp, testOrder } from './deployed-shop.ts';

const ORDERS = crowd(500);
const PIECES = crowd(450);
const LATE = ORDERS - PIECES;

test(`${ORDERS} orders at once all reach a terminal state, and goods and money add up`, async () => {
  const sku = testOrder().sku;
  const orders = Array.from({ length: ORDERS }, () => testOrder({ sku }));
  await stockUp(sku, PIECES);
  await publishAll(orders.map((order) => placed(order)));

  const states = [];
  for (const { orderId } of orders) states.push((await decided(orderId, 400)).status);
  await quiet();
  expect(states.filter((status) => status === 'CONFIRMED')).toHaveLength(PIECES);
  expect(states.filter((status) => status === 'CANCELLED')).toHaveLength(LATE);
  expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0, sold: PIECES });

  const charges = (await Promise.all(orders.map(({ orderId }) => chargesOf(orderId)))).flat();
  expect(charges.filter((charge) => charge.startsWith('capture'))).toHaveLength(ORDERS);
  expect(charges.filter((charge) => charge.startsWith('refund'))).toHaveLength(LATE);
});
