import { expect, test } from 'vitest';
import { placed, publish, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { errorResponse, type Json } from '../harness/protocol.ts';
import { runSeed } from '../harness/random.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';

const shop = useHarness();

/** Has DynamoDB refuse each transaction that changes one shelf, and say that it is this shelf that is throttled. */
function throttling(sku: string): Rule {
  const isShelf = ({ Update }: Json) => Update?.Key?.sku?.S === sku;
  return {
    service: 'dynamodb',
    operation: 'TransactWriteItems',
    where: ({ body }) => body.TransactItems.some(isShelf),
    fault: {
      kind: 'respond',
      response: (call) =>
        errorResponse(call, 400, 'TransactionCanceledException', 'Transaction cancelled', {
          CancellationReasons: call.body.TransactItems.map((item: Json) =>
            isShelf(item) ? { Code: 'ThrottlingError', Message: 'Throughput exceeds the limit' } : { Code: 'None' },
          ),
        }),
    },
  };
}

test('while one shelf is throttled only its orders wait, and then they are done too', async () => {
  const [hot, cold] = [testOrder(), testOrder()];
  await shop().ledger.stock(hot.sku, 2);
  await shop().ledger.stock(cold.sku, 8);
  shop().faults(runSeed, throttling(hot.sku));
  const waiting = [hot, testOrder({ sku: hot.sku })];
  const others = [cold, ...Array.from({ length: 7 }, () => testOrder({ sku: cold.sku }))];
  await shop().ledger.place([...waiting, ...others]);
  await shop().pump();
  const statusesOf = (orders: typeof others) =>
    new Set(orders.map(({ orderId }) => shop().statuses.get(orderId)?.at(-1)));
  expect(statusesOf(others)).toEqual(new Set(['CONFIRMED']));
  expect(statusesOf(waiting)).toEqual(new Set(['PLACED']));

  shop().faults(runSeed);
  await shop().settle();
  expect(statusesOf(waiting)).toEqual(new Set(['CONFIRMED']));
  await checkInvariants(shop());
});

test('an order of 250,000 pieces of one SKU on three lines is sold', async () => {
  const order = testOrder({ quantity: 250_000, unitPrice: 1 });
  await shop().ledger.stock(order.sku, 300_000);
  shop().ledger.orders.set(order.orderId, order);
  const message = placed(order);
  const line = (quantity: number) => ({ sku: order.sku, quantity, unitPrice: 1 });
  await publish({ ...message, data: { ...message.data, items: [line(100_000), line(100_000), line(50_000)] } });
  await shop().settle();
  const { orders, shelves } = await checkInvariants(shop());
  expect(orders.get(order.orderId)?.status).toBe('CONFIRMED');
  expect(shelves.get(order.sku)).toMatchObject({ available: 50_000, sold: 250_000 });
});
