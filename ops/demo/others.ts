import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../../lambdas/order/rules.ts';
import type { DeployedShop } from '../stack.ts';

/** Gives true if anybody else's orders of these SKUs moved since a time. Reads the whole table, so ask only in doubt. */
export async function othersOrdered(
  shop: DeployedShop,
  { skus, own, since }: { skus: readonly string[]; own: ReadonlySet<string>; since: Date },
): Promise<boolean> {
  const pages = paginateScan({ client: shop.documents }, { TableName: shop.output('OrdersTableName') });
  for await (const { Items = [] } of pages) {
    // What the table holds was written by those who keep orders.
    for (const { orderId, items = [], timeline = [] } of Items as Order[]) {
      const moved = timeline.some(({ time }) => Date.parse(time) >= since.getTime());
      if (moved && !own.has(orderId) && items.some(({ sku }) => skus.includes(sku))) return true;
    }
  }
  return false;
}
