import { type CancelReason, orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { isContradictory } from './conflict.ts';
import { openAttributes } from './open-orders.ts';
import type { Order } from './record.ts';

/**
 * Decides the order if it can be decided; a confirmed order is still cancelled where its payment could not be captured, unless goods of it
 * have left.
 */
export function withDecision(order: Order, now: Date): Order {
  if (order.status === 'CANCELLED') return order;
  const reason = cancelReasonFor(order);
  if (reason !== undefined) return decide(order, 'CANCELLED', reason, now);
  const isConfirmed = order.status === 'PLACED' && isPaid(order) && order.stock === 'reserved';
  return isConfirmed ? decide(order, 'CONFIRMED', undefined, now) : order;
}

const isPaid = ({ payment }: Order): boolean => payment !== undefined && payment !== 'declined';

/**
 * A contradiction and a customer's request cancel at once, also before the order itself has come, and the deadline cancels what waits.
 * Otherwise both outcomes must be in; a declined card takes precedence. A request that is on record of a confirmed order came too late for the
 * version that noted it, or from a replay: it cancels nothing.
 */
function cancelReasonFor(order: Order): CancelReason | undefined {
  const { status, cancelRequested, timedOut, payment, stock, dispatched } = order;
  if (status === 'CONFIRMED') return payment === 'declined' && !dispatched ? 'payment-declined' : undefined;
  if (isContradictory(order)) return 'contradiction';
  if (cancelRequested && !dispatched) return 'customer';
  if (timedOut) return 'timed-out';
  if (status !== 'PLACED' || payment === undefined || stock === undefined) return undefined;
  if (payment === 'declined') return 'payment-declined';
  return stock === 'rejected' ? 'out-of-stock' : undefined;
}

/** Adds a decision, which the sweep looks at once more when all should have heard of it. */
export function decide(
  order: Order,
  status: 'CONFIRMED' | 'CANCELLED',
  reason: CancelReason | undefined,
  now: Date,
): Order {
  const { type, source } = status === 'CONFIRMED' ? orderConfirmed : orderCancelled;
  return {
    ...order,
    ...openAttributes('decided', order.orderId, now),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(order.items === undefined ? { expiresAt: tombstoneExpiry(now) } : {}),
    timeline: [...order.timeline, { time: now.toISOString(), type, source: source ?? '' }],
  };
}
