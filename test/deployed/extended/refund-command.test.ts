import { expect, test } from 'vitest';
import { decided, paymentIs, placed, publish, setStock, shelfOf, testOrder } from '../deployed-shop.ts';
import { runOps } from '../ops.ts';

test('An operator refunds a part, is told what is left, and cancels the rest', async () => {
  const order = testOrder();
  const { orderId, sku } = order;
  await setStock(sku, 1);
  await publish(placed(order));
  expect((await decided(orderId)).status).toBe('CONFIRMED');
  await paymentIs(orderId, 'captured');

  const refund = (...args: string[]) => runOps('refund', orderId, ...args, '--wait', '120');
  const first = await refund('5000', '--id', 'r-1', '--item', `${sku}=1`, '--restock');
  expect(first, first.said).toMatchObject({
    code: 0,
    result: { payment: 'refunded', stock: 'returned', refunded: 5_000 },
  });
  expect(await shelfOf(sku)).toMatchObject({ available: 1, reserved: 0, sold: 1 });
  expect(await refund('5000', '--id', 'r-1', '--item', `${sku}=1`, '--restock')).toMatchObject({
    ...{ code: 0, said: '', result: { refunded: 5_000 } },
  });
  const tooMuch = await refund('999999999');
  expect(tooMuch).toMatchObject({ code: 1, result: undefined });
  expect(tooMuch.said).toMatch(/is more than is left of order .* ask for at most /);

  const cancelled = await runOps('cancel', orderId, '--wait', '120');
  expect(cancelled, cancelled.said).toMatchObject({ code: 0, result: { outcome: 'cancelled', status: 'CANCELLED' } });
  expect(await runOps('cancel', orderId)).toMatchObject({ code: 0, result: { outcome: 'already-cancelled' } });
  await paymentIs(orderId, 'refunded');
  const { result: trace } = await runOps('trace', orderId);
  expect(trace.refunds).toMatchObject([
    { refundId: 'r-1', amount: 5_000, state: 'done' },
    { amount: trace.total.amount - 5_000, state: 'done', refunded: trace.total.amount },
  ]);
  expect(trace.returns).toMatchObject([{ refundId: 'r-1', items: [{ sku, quantity: 1, restock: true }] }]);
  // The piece that came back is on the shelf once.
  expect(await shelfOf(sku)).toMatchObject({ available: 1, reserved: 0, sold: 1 });
});
