import { orderReconciliationDue, orderShipped } from '../../contracts/order.ts';
import { paymentDeclined } from '../../contracts/payment.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderInput } from './input.ts';
import type { Order } from './record.ts';

type Contradiction = NonNullable<Order['contradiction']>;

/** Notes that goods left for which nobody pays. What was noted first stays. */
export function withContradiction(order: Order, found = contradictionOf(order)): Order {
  return found === undefined || order.contradiction !== undefined ? order : { ...order, contradiction: found };
}

function contradictionOf({ status, dispatched, payment }: Order): Contradiction | undefined {
  if (!dispatched) return undefined;
  if (status === 'CANCELLED') return 'shipped-after-cancellation';
  return status === 'CONFIRMED' && payment === 'declined' ? 'not-captured-after-shipping' : undefined;
}

/**
 * Returns what an event fails with that meets a contradiction: its dead letter is the alarm. An event that says again what contradicts the
 * record fails again, because the process may have died between the write and the dead letter.
 */
export function contradictionFailure(before: Order, after: Order, event: OrderInput): ConflictError | undefined {
  const { orderId, contradiction } = after;
  if (contradiction === undefined || (contradiction === before.contradiction && !contradicts(after, event)))
    return undefined;
  return new ConflictError(`Order ${orderId} ${WHAT_TO_DO[contradiction]}`, 'data.orderId');
}

/** Tells whether an event is one that an order of this status and shipment cannot have. */
function contradicts({ status, dispatched }: Order, event: OrderInput): boolean {
  const hasShipped = status === 'CONFIRMED' && dispatched === true;
  switch (event.type) {
    case orderShipped.type:
      return status === 'CANCELLED';
    case paymentDeclined.type:
      return hasShipped;
    case orderReconciliationDue.type:
      return status === 'CANCELLED'
        ? event.data.dispatched === true
        : hasShipped && event.data.decision === 'cancelled';
    default:
      return false;
  }
}

const WHAT_TO_DO: Record<Contradiction, string> = {
  'shipped-after-cancellation':
    'was cancelled, but goods of it have left: stop the parcel, or have it paid and correct the shelves',
  'not-captured-after-shipping':
    'has shipped, but its payment can no longer be captured: have it paid another way, or have the goods sent back',
  'cancelled-after-shipping':
    'has shipped, but others have undone it as cancelled: stop the parcel, or have it paid and correct the shelves',
};
