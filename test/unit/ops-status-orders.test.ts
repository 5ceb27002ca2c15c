import { expect, test, vi } from 'vitest';
import { openShards } from '../../lambdas/order/open-orders.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { countOrders } from '../../ops/status/orders.ts';

/** A shop whose orders table has pages of one confirmed order and one that was only cancelled, and 2 undecided per part. */
function shopWith(pages: number) {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'OrdersTableName', OutputValue: 'orders' }],
  });
  let page = 0;
  const send = vi.spyOn(shop.documents, 'send').mockImplementation(async ({ input }: { input: object }) => {
    if ('Select' in input) return { Count: 2 };
    page += 1;
    return {
      Items: [{ status: 'CONFIRMED' }, {}],
      ...(page < pages ? { LastEvaluatedKey: { orderId: String(page) } } : {}),
    };
  });
  return { shop, send };
}

test('orders are counted exactly while their table is of usual size', async () => {
  const { shop } = shopWith(3);
  expect(await countOrders(shop, 3)).toEqual({ PLACED: 0, CONFIRMED: 3, CANCELLED: 0 });
});

test('of a larger table only the beginning is read, and the undecided orders are counted in their index', async () => {
  const { shop, send } = shopWith(1_000);
  expect(await countOrders(shop, 3)).toEqual({
    PLACED: 2 * openShards.length,
    CONFIRMED: 3,
    CANCELLED: 0,
    atLeast: true,
  });
  expect(send).toHaveBeenCalledTimes(3 + openShards.length);
});
