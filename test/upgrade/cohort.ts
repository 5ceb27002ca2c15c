import { InvokeCommand } from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import type { Order } from '../../lambdas/order/record.ts';
import type { PaymentState } from '../../lambdas/payment/record.ts';
import { eventually, orderOf, output, paymentOf, setStock, shipmentOf, testOrder } from '../deployed/deployed-shop.ts';
import { lambda } from '../faults/deployed-functions.ts';
import type { RefundRequest, TestOrder } from '../harness/shop-state.ts';

/** How an order must end: decided, and with its payment in this state. */
export type End = {
  status: 'CONFIRMED' | 'CANCELLED';
  reason?: Order['reason'];
  payment: PaymentState | 'on-delivery';
};

const confirmed = (payment: End['payment'] = 'captured'): End => ({ status: 'CONFIRMED', payment });
const cancelled = (reason: NonNullable<Order['reason']>, payment: End['payment']): End => ({
  status: 'CANCELLED',
  reason,
  payment,
});

type Kind = { parts?: Partial<TestOrder>; end: End };

// One piece is on the shelf of each order.
const SHORT = { quantity: 2 };

/** Orders of every kind of payment and outcome. */
export const KINDS = {
  confirmed: { end: confirmed() },
  declined: { parts: { token: 'tok_declined' }, end: cancelled('payment-declined', 'declined') },
  short: { parts: SHORT, end: cancelled('out-of-stock', 'voided') },
  lapsing: { parts: { token: 'tok_lapses' }, end: cancelled('payment-declined', 'voided') },
  charged: { parts: { capturedAs: 'pi_charged' }, end: confirmed() },
  chargedShort: { parts: { capturedAs: 'pi_short', ...SHORT }, end: cancelled('out-of-stock', 'refunded') },
  held: { parts: { payment: { kind: 'authorized', reference: 'pi_held' } }, end: confirmed() },
  onDelivery: { parts: { payment: { kind: 'on-delivery' } }, end: confirmed('authorized') },
  // As versions before 0.3.0 left it.
  onDeliveryBefore: { parts: { payment: { kind: 'on-delivery' } }, end: confirmed('on-delivery') },
  awaited: { parts: { payment: { kind: 'awaited' } }, end: confirmed() },
  awaitedCancelled: { parts: { payment: { kind: 'awaited' } }, end: cancelled('customer', 'voided') },
  cancelled: { end: cancelled('customer', 'voided') },
  cancelledCharged: { end: cancelled('customer', 'refunded') },
  onDeliveryCancelled: { parts: { payment: { kind: 'on-delivery' } }, end: cancelled('customer', 'voided') },
  onDeliveryCancelledBefore: { parts: { payment: { kind: 'on-delivery' } }, end: cancelled('customer', 'on-delivery') },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

/** The orders that are placed before a deployment, and how each must end after it. */
export class Cohort {
  readonly orders = new Map<string, TestOrder>();
  /** Pieces that came in, by SKU. */
  readonly goods = new Map<string, number>();
  /** The statuses that were seen of each order, in order. */
  readonly statuses = new Map<string, string[]>();
  /** The refunds that were asked for, by order, and the orders of which goods left. */
  readonly refunds = new Map<string, RefundRequest[]>();
  readonly shipped = new Set<string>();
  private readonly ends = new Map<string, End>();

  /** Adds an order, with one piece on its shelf. */
  async add(kind: KindName): Promise<TestOrder> {
    const { parts, end }: Kind = KINDS[kind];
    const order = testOrder(parts);
    await setStock(order.sku, 1);
    this.goods.set(order.sku, 1);
    this.orders.set(order.orderId, order);
    this.ends.set(order.orderId, end);
    return order;
  }

  async addAll(kinds: readonly KindName[]): Promise<TestOrder[]> {
    const orders: TestOrder[] = [];
    for (const kind of kinds) orders.push(await this.add(kind));
    return orders;
  }

  /** Has an order end as one of another kind, because of what it hears next. */
  endAs({ orderId }: TestOrder, kind: KindName): void {
    this.ends.set(orderId, KINDS[kind].end);
  }

  /** Notes which statuses the orders have. */
  async look(): Promise<void> {
    for (const orderId of this.orders.keys()) {
      const status = (await orderOf(orderId))?.status;
      if (status !== undefined) this.statuses.set(orderId, [...(this.statuses.get(orderId) ?? []), status]);
    }
  }

  /** Waits until orders have ended as they must. `nudge` is called each time that they have not. */
  async waitForEnds(orders: Iterable<TestOrder> = this.orders.values(), nudge = async () => {}): Promise<void> {
    let open = [...orders];
    let missing: string[] = [];
    const check = async () => {
      missing = (await Promise.all(open.map((order) => this.missingOf(order)))).filter((text) => text !== '');
      open = open.filter(({ orderId }) => missing.some((text) => text.startsWith(orderId)));
      if (open.length > 0) await nudge();
      return open.length === 0;
    };
    await eventually('all orders end as they must', check, 240, () => `:\n${missing.join('\n')}`);
  }

  /** Says what an order lacks to its end; an empty text where nothing. */
  private async missingOf({ orderId, payment }: TestOrder): Promise<string> {
    const end = this.ends.get(orderId);
    const [order, state, shipment] = await Promise.all([orderOf(orderId), paymentOf(orderId), shipmentOf(orderId)]);
    const seen = { status: order?.status, reason: order?.reason, payment: state };
    const wanted = { reason: undefined, ...end };
    const isShipped = shipment?.shipment !== undefined && shipment.shipment.cancelledAt === undefined;
    const isRight =
      (['status', 'reason', 'payment'] as const).every((name) => seen[name] === wanted[name]) &&
      isShipped === (end?.status === 'CONFIRMED') &&
      order?.published === order?.timeline.length;
    const told = { ...seen, isShipped, published: order?.published, steps: order?.timeline.length };
    return isRight ? '' : `${orderId} (${payment?.kind ?? ''}): ${JSON.stringify(told)}, wanted ${JSON.stringify(end)}`;
  }
}

/** Runs the sweep. */
export async function sweep(): Promise<void> {
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: output('SweepFunctionName') }));
  expect(FunctionError).toBeUndefined();
}
