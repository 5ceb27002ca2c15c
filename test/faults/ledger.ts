import { placed, publishAll, refundRequested, setStock, shipped } from '../deployed/deployed-shop.ts';
import type { RefundRequest, TestOrder } from '../harness/shop-state.ts';

/** What a test put in, to be compared with what came out. */
export class Ledger {
  /** Pieces that came in, by SKU. */
  readonly goods = new Map<string, number>();
  /** Orders that were accepted, by id. */
  readonly orders = new Map<string, TestOrder>();
  /** Refunds that were asked for, by order. */
  readonly refunds = new Map<string, RefundRequest[]>();
  /** Orders of which goods left. */
  readonly shipped = new Set<string>();

  /** Puts goods on the shelf. */
  async stock(sku: string, pieces: number): Promise<void> {
    this.goods.set(sku, pieces);
    await setStock(sku, pieces);
  }

  /** Publishes orders, each of them `times`, as messages of their own. */
  async place(orders: readonly TestOrder[], times = 1): Promise<void> {
    for (const order of orders) this.orders.set(order.orderId, order);
    await publishAll(orders.flatMap((order) => Array.from({ length: times }, () => placed(order))));
  }

  /** Notes that goods of an order left, and returns the message that says so. */
  ship({ orderId }: TestOrder): object {
    this.shipped.add(orderId);
    return shipped(orderId);
  }

  /** Notes a refund, and returns the message that asks for it. */
  refund({ orderId }: TestOrder, request: RefundRequest): object {
    this.refunds.set(orderId, [...(this.refunds.get(orderId) ?? []), request]);
    return refundRequested(orderId, request);
  }
}
