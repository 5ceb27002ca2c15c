import { orderShipped } from '../../contracts/order.ts';
import { ConflictError } from '../runtime/failure.ts';
import { withContradiction } from './contradiction.ts';
import { isDecided, type Order, type TimelineEntry } from './record.ts';

// A record has 400 kB, and an order's steps are numbered up to 1000.
const MAX_PARCELS = 100;

/** Tells whether no further parcel of an order is noted. */
export const hasAllParcels = ({ timeline }: Order): boolean =>
  timeline.filter(({ type }) => type === orderShipped.type).length >= MAX_PARCELS;

/** Throws `ConflictError` if goods of an order cannot leave now: it is not decided, or too many parcels of it have left. */
export function rejectShipment(order: Order): void {
  const { orderId } = order;
  if (!isDecided(order))
    throw new ConflictError(`Order ${orderId} is not confirmed yet: redrive this once it is`, 'data.orderId');
  if (hasAllParcels(order))
    throw new ConflictError(`Order ${orderId} has ${MAX_PARCELS} parcels already`, 'data.orderId');
}

/** Notes that goods of an order left. What left of a cancelled order is no step: a person has to put it right. */
export function withShipment(order: Order, entry: TimelineEntry): Order {
  if (order.status === 'CANCELLED') return withContradiction(order, 'shipped-after-cancellation');
  return { ...order, dispatched: true, timeline: [...order.timeline, entry] };
}
