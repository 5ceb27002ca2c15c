import { goodsOf, type Line, type OrderPlaced, type OrderRefundRequested } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { loadRecords } from '../../lambdas/runtime/records.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import { listGatewayRecords } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { type BookProblem, bookProblem } from './book.ts';
import { orderCancelRequestedEvent } from './cancel.ts';
import { publishOrders } from './publish.ts';
import { orderRefundRequestedEvent } from './refund.ts';

/** What follows the confirmation of a made-up order: its customer cancels it, or a part of its money and its goods go back. */
export type FollowUp = 'cancellation' | 'refund';

/** The refund of a made-up order: less than it costs, in the minor unit of its currency. */
export const PARTIAL_REFUND = { refundId: 'r-1', amount: 5_000 };

/** An order and what follows its confirmation. */
export type FollowedOrder = { order: OrderPlaced['data']; followUp: FollowUp };

/** Builds the message of what follows an order's confirmation. The goods of a refund go back on the shelf. */
export function followUpMessage({ order, followUp }: FollowedOrder, now = new Date()): string {
  const { orderId, items } = order;
  if (followUp === 'cancellation') return JSON.stringify(orderCancelRequestedEvent(orderId, 'changed my mind', now));
  return JSON.stringify(refundWithGoodsEvent({ orderId, ...PARTIAL_REFUND, items: goodsOf(items) }, now));
}

/** Builds the event that asks for a refund whose goods go back on the shelf. */
export const refundWithGoodsEvent = (
  refund: { orderId: string; refundId: string; amount: number; items: readonly Line[] },
  now?: Date,
): OrderRefundRequested =>
  orderRefundRequestedEvent(
    { ...refund, items: refund.items.map((line) => ({ ...line, restock: true })) },
    'came back',
    now,
  );

type FollowedRecords = {
  order?: Pick<Order, 'status'> | undefined;
  payment?: Pick<Payment, 'state' | 'refunds'> | undefined;
  reservation?: Pick<Reservation, 'state' | 'returned'> | undefined;
};

/** Tells whether order, payment and stock have done what follows a confirmation. */
export function isDone(followUp: FollowUp, { order, payment, reservation }: FollowedRecords): boolean {
  if (followUp === 'cancellation') {
    const isMoneyBack = payment?.state === 'refunded' || payment?.state === 'voided';
    return order?.status === 'CANCELLED' && isMoneyBack && reservation?.state === 'released';
  }
  const { refundId } = PARTIAL_REFUND;
  const isMoneyBack = payment?.refunds?.some((one) => one.refundId === refundId && one.state === 'done') ?? false;
  return isMoneyBack && (reservation?.returned?.some((one) => one.refundId === refundId) ?? false);
}

const CALLS_AT_ONCE = 25;

/**
 * Publishes what follows the confirmation of orders, and follows it to its end. What the topic does not take stays due, and is published with
 * the next ones.
 */
export class FollowUps {
  readonly asked = new Map<string, FollowedOrder>();
  private readonly shop: DeployedShop;
  private readonly due = new Map<string, FollowedOrder>();
  private readonly open = new Set<string>();

  constructor(shop: DeployedShop) {
    this.shop = shop;
  }

  /** Counts what is not done, published or not. */
  get left(): number {
    return this.due.size + this.open.size;
  }

  /** Publishes what follows the confirmation of orders, once for each. */
  async publish(followed: readonly FollowedOrder[]): Promise<void> {
    for (const one of followed) {
      const { orderId } = one.order;
      if (!this.asked.has(orderId)) this.due.set(orderId, one);
      this.asked.set(orderId, one);
    }
    if (this.due.size === 0) return;
    const all = [...this.due];
    const failed = await publishOrders(
      this.shop,
      all.map(([, one]) => followUpMessage(one)),
    );
    const refused = new Set(failed.map(({ index }) => index));
    for (const [index, [orderId]] of all.entries()) {
      if (refused.has(index)) continue;
      this.due.delete(orderId);
      this.open.add(orderId);
    }
  }

  /** Reads how far what is open got; returns what is left. */
  async check(): Promise<number> {
    const ids = [...this.open];
    if (ids.length === 0) return this.left;
    const { shop } = this;
    const load = <R extends { orderId: string }>(table: string) =>
      loadRecords<R>(shop.output(table), ids, shop.documents);
    const [orders, payments, reservations] = await Promise.all([
      load<Order>('OrdersTableName'),
      load<Payment>('PaymentsTableName'),
      load<Reservation>('ReservationsTableName'),
    ]);
    for (const id of ids) {
      const records = { order: orders.get(id), payment: payments.get(id), reservation: reservations.get(id) };
      const followUp = this.asked.get(id)?.followUp;
      if (followUp !== undefined && isDone(followUp, records)) this.open.delete(id);
    }
    return this.left;
  }

  /** Counts what was asked for and what is done, by kind. */
  counts(): Record<FollowUp, { asked: number; done: number }> {
    const of = (kind: FollowUp) => {
      const ids = [...this.asked].flatMap(([id, { followUp }]) => (followUp === kind ? [id] : []));
      return { asked: ids.length, done: ids.filter((id) => !this.due.has(id) && !this.open.has(id)).length };
    };
    return { cancellation: of('cancellation'), refund: of('refund') };
  }

  /** Compares what is done with the gateway's book; returns every difference. */
  async bookProblems(): Promise<BookProblem[]> {
    const done = [...this.asked.values()].filter(
      ({ order }) => !this.due.has(order.orderId) && !this.open.has(order.orderId),
    );
    const problems: BookProblem[] = [];
    for (const group of chunk(done, CALLS_AT_ONCE)) {
      const books = await Promise.all(group.map(({ order }) => listGatewayRecords(this.shop, order.orderId)));
      problems.push(
        ...group.flatMap(({ order, followUp }, index) => {
          const refunds = followUp === 'refund' ? [PARTIAL_REFUND] : [];
          const status = followUp === 'refund' ? 'CONFIRMED' : 'CANCELLED';
          return bookProblem({ order, status, refunds, money: books[index] ?? [] });
        }),
      );
    }
    return problems;
  }
}
