import { expect, test } from 'vitest';
import { scaledToEngine } from '../capabilities.ts';
import {
  chargesOf,
  decided,
  placed,
  publishAll,
  setStock,
  shelfOf,
  testOrder,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

const ORDERS = scaledToEngine(500);
const PIECES = scaledToEngine(450);
const LATE = ORDERS - PIECES;

test(`${ORDERS} concurrent orders all reach a terminal state with consistent stock and payments`, async () => {
  const sku = testOrder().sku;
  const orders = Array.from({ length: ORDERS }, () => testOrder({ sku }));
  await setStock(sku, PIECES);
  await publishAll(orders.map((order) => placed(order)));

  const states = [];
  for (const { orderId } of orders) states.push((await decided(orderId, 400)).status);
  await waitForEmptyQueues();
  expect(states.filter((status) => status === 'CONFIRMED')).toHaveLength(PIECES);
  expect(states.filter((status) => status === 'CANCELLED')).toHaveLength(LATE);
  expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0, sold: PIECES });

  const charges = (await Promise.all(orders.map(({ orderId }) => chargesOf(orderId)))).flat();
  const entries = (kind: string) => charges.filter((charge) => charge.startsWith(kind)).length;
  expect(entries('authorization')).toBe(ORDERS);
  expect(entries('capture')).toBe(PIECES);
  expect(entries('void')).toBe(LATE);
  expect(entries('refund')).toBe(0);
});
