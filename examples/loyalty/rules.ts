import type { EventOf } from '../../contracts/cloud-event.ts';
import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import type { Count } from '../../lambdas/runtime/counters.ts';
import type { Delivery } from '../../lambdas/runtime/delivery.ts';
import type { OrderRecord } from '../../lambdas/runtime/records.ts';
import type { Transition } from '../../lambdas/runtime/state-machine.ts';
import { tombstoneExpiry } from '../../lambdas/runtime/tombstone.ts';
import type { consumes } from './consumes.ts';

/** The events that loyalty decides on. */
export type LoyaltyEvent = EventOf<(typeof consumes)[number]>;

/** What loyalty records of one order. It counts for its customer while it is `CONFIRMED`. */
export type LoyaltyRecord = OrderRecord & {
  /** Who placed it, hashed; absent of a guest's order. */
  customer?: string;
  /** What it is worth; absent until the order itself has come. */
  points?: number;
  status?: 'CONFIRMED' | 'CANCELLED';
  /** When the cancellation of an order that does not come is forgotten (seconds since 1970). */
  expiresAt?: number;
};

/** How much of the total, in its currency's minor unit, is worth a point. */
const AMOUNT_PER_POINT = 100;

/** Decides on an event of an order. The events may come in any sequence, and each may come again. */
export function nextLoyalty(
  record: LoyaltyRecord | undefined,
  { event, time }: Delivery<LoyaltyEvent>,
  customerKey: (customerId: string) => string,
): Transition<LoyaltyRecord, never> {
  const before: LoyaltyRecord = record ?? { orderId: event.data.orderId, version: 0 };
  const after = apply(before, event, time, customerKey);
  return after === before ? {} : { after };
}

function apply(
  before: LoyaltyRecord,
  event: LoyaltyEvent,
  time: string,
  customerKey: (customerId: string) => string,
): LoyaltyRecord {
  switch (event.type) {
    case orderPlaced.type: {
      if (before.points !== undefined) return before;
      const { customer, total } = event.data;
      // The order has come, so its cancellation, if there was one, is kept with it.
      const { expiresAt: _, ...kept } = before;
      const points = Math.floor(total.amount / AMOUNT_PER_POINT);
      return { ...kept, points, ...(customer?.id && { customer: customerKey(customer.id) }) };
    }
    case orderConfirmed.type:
      // A confirmed order may be cancelled, never the other way: a cancellation that came first stays.
      return before.status === undefined ? { ...before, status: 'CONFIRMED' } : before;
    case orderCancelled.type: {
      if (before.status === 'CANCELLED') return before;
      const isTombstone = before.points === undefined;
      return { ...before, status: 'CANCELLED', ...(isTombstone && { expiresAt: tombstoneExpiry(new Date(time)) }) };
    }
  }
}

/** Returns what a record counts for in its customer's points: written once it is confirmed, taken back once it is cancelled. */
export const pointsOf = ({ customer, points, status }: LoyaltyRecord): Count[] =>
  customer !== undefined && points !== undefined && status === 'CONFIRMED'
    ? [{ key: customer, add: { points, orders: 1 } }]
    : [];
