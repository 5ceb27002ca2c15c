import { type TraceContext, traceContextOf } from '../../contracts/cloud-event.ts';
import {
  goodsOf,
  type Line,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderDispatched,
  type OrderPlaced,
  type OrderRefundRequested,
  orderCancelled,
  orderConfirmed,
  orderDispatched,
  orderPlaced,
  orderRefundRequested,
  sameGoods,
  sumBySku,
} from '../../contracts/order.ts';
import { type StockReceived, stockReceived } from '../../contracts/stock.ts';
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import { type Delivery, describeSubject, recordKeyOf } from '../runtime/delivery.ts';
import { ConflictError, UnavailableError } from '../runtime/failure.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { outcomeEvents } from './events.ts';
import {
  addMove,
  nameFew,
  type PlannedDelivery,
  type Planning,
  type ShelfDelta,
  type StockPlan,
  type StockSnapshot,
  shortagesOf,
} from './plan.ts';
import { linesNotReturned, type Reservation } from './record.ts';
import { planDispatched, planReturn } from './returns.ts';

export type StockInput =
  | OrderPlaced
  | OrderConfirmed
  | OrderCancelled
  | OrderDispatched
  | OrderRefundRequested
  | StockReceived;

/** Tells whether an event is planned from what its order's reservation holds, which is read first. What every order goes through needs no read. */
export const readsReservation = (event: StockInput): event is OrderCancelled | OrderDispatched | OrderRefundRequested =>
  event.type === orderCancelled.type ||
  event.type === orderDispatched.type ||
  (event.type === orderRefundRequested.type && event.data.items !== undefined);

/**
 * Plans one transaction for deliveries of different orders: first come, first served, and each order gets all its lines or none.
 * Optimistic: what the snapshot lacks is assumed to be usual (a new order, enough goods). The transaction's conditions detect a
 * wrong assumption, and its refusal contains what the next plan needs to know. Another customer is a conflict where `customerHash` is given.
 */
export function planStock(
  deliveries: readonly Delivery<StockInput>[],
  snapshot: StockSnapshot,
  now: Date,
  customerHash?: CustomerHash,
): StockPlan {
  const shelfDeltas = new Map<string, ShelfDelta>();
  const planned = deliveries.map((delivery): PlannedDelivery => {
    try {
      const plan = planDelivery(delivery.event, { snapshot, shelfDeltas, now, customerHash });
      if ('move' in plan && plan.move !== undefined) addMove(shelfDeltas, plan.move);
      return plan;
    } catch (failure) {
      return { failure };
    }
  });
  return { planned, shelfDeltas };
}

function planDelivery(event: StockInput, planning: Planning): PlannedDelivery {
  const reservation = planning.snapshot.reservations.get(recordKeyOf(event));
  switch (event.type) {
    case orderPlaced.type:
      return planPlaced(event, planning);
    case orderConfirmed.type:
      return planConfirmed(event, reservation, planning);
    case orderCancelled.type:
      return planCancelled(event.data.orderId, reservation ?? null, planning.now, traceContextOf(event));
    case orderRefundRequested.type:
      if (event.data.items === undefined) return { publish: [] };
      return planReturn(event, event.data.items, readBefore(event, reservation), planning.now);
    case orderDispatched.type:
      return planDispatched(event.data.orderId, readBefore(event, reservation));
    case stockReceived.type:
      return planReceived(event, reservation ?? null, planning.now);
  }
}

/** Returns the reservation as it was read. Throws where the read was throttled: nothing can be assumed of it. */
function readBefore(event: StockInput, reservation: Reservation | null | undefined): Reservation | null {
  if (reservation === undefined)
    throw new UnavailableError(`The reservation of ${describeSubject(event)} was not read`);
  return reservation;
}

function planPlaced(event: OrderPlaced, planning: Planning): PlannedDelivery {
  const { snapshot, now, customerHash } = planning;
  const { orderId } = event.data;
  const reservation = snapshot.reservations.get(orderId);
  const placed = { orderId, lines: goodsOf(event.data.items), ...customerOf(event.data, customerHash) };
  if (reservation) return repeatPlaced(reservation, placed, traceContextOf(event));
  const { lines } = placed;
  const short = shortagesOf(lines, planning);
  const time = now.toISOString();
  const after: Reservation =
    short.length > 0 ? { ...placed, state: 'rejected', short, time } : { ...placed, state: 'reserved', time };
  return {
    write: { before: null, after },
    ...(after.state === 'reserved' && { move: { lines, perPiece: { available: -1, reserved: 1, sold: 0 } } }),
    publish: outcomeEvents(after, traceContextOf(event)),
  };
}

function planConfirmed(
  event: OrderConfirmed,
  reservation: Reservation | null | undefined,
  planning: Planning,
): PlannedDelivery {
  const { orderId, items } = event.data;
  const assumed: Reservation = { orderId, state: 'reserved', lines: sumBySku(items), time: planning.now.toISOString() };
  const before = reservation === undefined ? assumed : reservation;
  if (before === null) return sellUnreserved(assumed, planning);
  // Once cancelled is heard, a confirmation changes nothing.
  if (before.state !== 'reserved') return { publish: [] };
  if (!sameGoods(items, before.lines))
    throw new ConflictError(`Order ${orderId} is confirmed with other items than are reserved`, 'data.items');
  return {
    write: { before, after: { orderId, state: 'sold' } },
    move: { lines: before.lines, perPiece: { available: 0, reserved: -1, sold: 1 } },
    publish: [],
  };
}

/**
 * Plans a confirmed order without a reservation: the table was put back to before it, and so are the shelves, which sell its goods. Throws
 * `ConflictError` where they have too few.
 */
function sellUnreserved(confirmed: Reservation, planning: Planning): PlannedDelivery {
  const { orderId, lines } = confirmed;
  const short = shortagesOf(lines, planning);
  if (short.length > 0) {
    const missing = short.map(
      ({ sku, quantity, available }) => `${available} of ${quantity} ${quantity === 1 ? 'piece' : 'pieces'} of ${sku}`,
    );
    throw new ConflictError(
      `Order ${orderId} is confirmed without a reservation, and its goods are not there any more: ${nameFew(missing)}`,
      'data.items',
    );
  }
  return {
    write: { before: null, after: { ...confirmed, state: 'sold' } },
    move: { lines, perPiece: { available: -1, reserved: 0, sold: 1 } },
    publish: [],
  };
}

function planCancelled(orderId: string, before: Reservation | null, now: Date, trace: TraceContext): PlannedDelivery {
  const time = now.toISOString();
  switch (before?.state) {
    case undefined: {
      const after: Reservation = { orderId, state: 'cancelled', lines: [], time, expiresAt: tombstoneExpiry(now) };
      return { write: { before: null, after }, publish: [] };
    }
    case 'reserved':
    case 'sold': {
      if (before.dispatched)
        throw new ConflictError(`Order ${orderId} is cancelled, but goods of it left: none are put back on the shelf`);
      const taken = before.state === 'sold' ? { reserved: 0, sold: -1 } : { reserved: -1, sold: 0 };
      const change = { orderId, state: 'released', time } as const;
      return {
        write: { before, after: change },
        // What came back before is counted already, and stays sold.
        move: { lines: linesNotReturned(before), perPiece: { available: 1, ...taken } },
        publish: outcomeEvents({ ...before, ...change }, trace),
      };
    }
    case 'released':
      return { publish: outcomeEvents(before, trace) };
    default:
      return { publish: [] };
  }
}

/** Plans a receipt: adds its goods once, however often it is delivered. */
function planReceived(event: StockReceived, before: Reservation | null, now: Date): PlannedDelivery {
  const { receiptId, items } = event.data;
  if (before !== null) {
    if (sameGoods(items, before.lines)) return { publish: [] };
    throw new ConflictError(`Receipt ${receiptId} was already taken with other items`, 'data.items');
  }
  const lines = sumBySku(items);
  const after: Reservation = { orderId: recordKeyOf(event), state: 'received', lines, time: now.toISOString() };
  return { write: { before, after }, move: { lines, perPiece: { available: 1, reserved: 0, sold: 0 } }, publish: [] };
}

/** Plans an order that is already on record: publishes the recorded outcome again. The order of a tombstone is only noted. */
function repeatPlaced(
  reservation: Reservation,
  placed: Pick<Reservation, 'orderId' | 'lines' | 'customer'>,
  trace: TraceContext,
): PlannedDelivery {
  const { orderId, state } = reservation;
  if (isTombstone(reservation, placed.lines))
    return { write: { before: reservation, after: { ...placed, state } }, publish: [] };
  if (!sameGoods(placed.lines, reservation.lines))
    throw new ConflictError(`Order ${orderId} was already placed with other items`, 'data.items');
  if (isOtherCustomer(placed.customer, reservation.customer))
    throw new ConflictError(`Order ${orderId} was already placed by another customer`, 'data.customer.id');
  return { publish: outcomeEvents(reservation, trace) };
}

/** Tells whether the order of a cancellation had not come yet. Tombstones of earlier versions had no expiry. */
const isTombstone = ({ state, expiresAt, lines }: Reservation, placed: readonly Line[]): boolean =>
  expiresAt !== undefined || (state === 'cancelled' && lines.length === 0 && placed.length > 0);
