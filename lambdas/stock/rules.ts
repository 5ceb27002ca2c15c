import {
  buildEvent,
  type CloudEvent,
  type EventContract,
  type TraceContext,
  traceContextOf,
} from '../../contracts/cloud-event.ts';
import {
  goodsOf,
  type Line,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderPlaced,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  sameGoods,
  sumBySku,
} from '../../contracts/order.ts';
import {
  type Shortage,
  type StockReceived,
  stockReceived,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../../contracts/stock.ts';
import { type Delivery, recordKeyOf } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';

/** The stock of one SKU, in pieces: for sale, reserved for orders, and sold. The sum equals what was received. */
export type Shelf = { sku: string; available: number; reserved: number; sold: number };

/**
 * An order's reservation record. The state `cancelled` is the tombstone of an order that must never reserve anything. A receipt of goods
 * (`received`) is recorded beside them, under `receiptKey`.
 */
export type Reservation = {
  orderId: string;
  state: 'reserved' | 'rejected' | 'sold' | 'released' | 'cancelled' | 'received';
  /** The ordered or received items, one line per SKU. */
  lines: Line[];
  /** Of a rejected order: the SKUs that were short. */
  short?: Shortage[];
  time: string;
};

export type StockInput = OrderPlaced | OrderConfirmed | OrderCancelled | StockReceived;

/** What a plan knows of the table. Absent: not read, so the usual case is assumed. `null`: read, and does not exist. */
export type StockSnapshot = {
  reservations: Map<string, Reservation | null>;
  available: Map<string, number | null>;
};

/** A reservation to create, or the attributes to change, on condition that the table still holds `before`. */
export type ReservationWrite =
  | { before: null; after: Reservation }
  | { before: Reservation; after: Pick<Reservation, 'orderId' | 'state'> & Partial<Reservation> };

/**
 * Changes to a shelf's three numbers, in pieces. A write fails if it takes what is not there; one that takes nothing creates the
 * shelf where there is none.
 */
export type ShelfDelta = { available: number; reserved: number; sold: number };

/** The plan for one delivery: what to write and publish, or why it fails. */
export type PlannedDelivery = { write?: ReservationWrite; publish: readonly CloudEvent[] } | { failure: unknown };

/** The plan for one transaction: one entry per delivery, and the changes to each shelf, summed over all deliveries. */
export type StockPlan = { planned: PlannedDelivery[]; shelfDeltas: Map<string, ShelfDelta> };

/**
 * Plans one transaction for deliveries of different orders: first come, first served, and each order gets all its lines or none.
 * Optimistic: what the snapshot lacks is assumed to be usual (a new order, enough goods). The transaction's conditions detect a
 * wrong assumption, and its refusal contains what the next plan needs to know.
 */
export function planStock(deliveries: readonly Delivery<StockInput>[], snapshot: StockSnapshot, now: Date): StockPlan {
  const shelfDeltas = new Map<string, ShelfDelta>();
  const planned = deliveries.map((delivery): PlannedDelivery => {
    try {
      return planDelivery(delivery.event, snapshot, shelfDeltas, now.toISOString());
    } catch (failure) {
      return { failure };
    }
  });
  return { planned, shelfDeltas };
}

function planDelivery(
  event: StockInput,
  snapshot: StockSnapshot,
  shelfDeltas: Map<string, ShelfDelta>,
  time: string,
): PlannedDelivery {
  const reservation = snapshot.reservations.get(recordKeyOf(event));
  switch (event.type) {
    case orderPlaced.type:
      return planPlaced(event, snapshot, shelfDeltas, time);
    case orderConfirmed.type:
      return planConfirmed(event, reservation, shelfDeltas, time);
    case orderCancelled.type:
      return planCancelled(event.data.orderId, reservation ?? null, shelfDeltas, time, traceContextOf(event));
    case stockReceived.type:
      return planReceived(event, reservation ?? null, shelfDeltas, time);
  }
}

function planPlaced(
  event: OrderPlaced,
  snapshot: StockSnapshot,
  shelfDeltas: Map<string, ShelfDelta>,
  time: string,
): PlannedDelivery {
  const { orderId } = event.data;
  const reservation = snapshot.reservations.get(orderId);
  const lines = goodsOf(event.data.items);
  if (reservation) return repeatOutcome(reservation, lines, traceContextOf(event));
  const short = shortagesOf(lines, snapshot, shelfDeltas);
  const after: Reservation =
    short.length > 0 ? { orderId, state: 'rejected', lines, short, time } : { orderId, state: 'reserved', lines, time };
  if (after.state === 'reserved') addDeltas(shelfDeltas, lines, { available: -1, reserved: 1, sold: 0 });
  return { write: { before: null, after }, publish: outcomeEvents(after, traceContextOf(event)) };
}

function planConfirmed(
  event: OrderConfirmed,
  reservation: Reservation | null | undefined,
  shelfDeltas: Map<string, ShelfDelta>,
  time: string,
): PlannedDelivery {
  const { orderId, items } = event.data;
  const assumed: Reservation = { orderId, state: 'reserved', lines: sumBySku(items), time };
  const before = reservation === undefined ? assumed : reservation;
  if (before === null) throw new ConflictError(`Order ${orderId} is confirmed but holds no goods`);
  // Once cancelled is heard, a confirmation changes nothing.
  if (before.state !== 'reserved') return { publish: [] };
  addDeltas(shelfDeltas, before.lines, { available: 0, reserved: -1, sold: 1 });
  return { write: { before, after: { orderId, state: 'sold' } }, publish: [] };
}

function planCancelled(
  orderId: string,
  before: Reservation | null,
  shelfDeltas: Map<string, ShelfDelta>,
  time: string,
  trace: TraceContext,
): PlannedDelivery {
  switch (before?.state) {
    case undefined:
      return { write: { before: null, after: { orderId, state: 'cancelled', lines: [], time } }, publish: [] };
    case 'reserved':
    case 'sold': {
      const taken = before.state === 'sold' ? { reserved: 0, sold: -1 } : { reserved: -1, sold: 0 };
      addDeltas(shelfDeltas, before.lines, { available: 1, ...taken });
      const change = { orderId, state: 'released', time } as const;
      return { write: { before, after: change }, publish: outcomeEvents({ ...before, ...change }, trace) };
    }
    case 'released':
      return { publish: outcomeEvents(before, trace) };
    default:
      return { publish: [] };
  }
}

/** Plans a receipt: adds its goods once, however often it is delivered. */
function planReceived(
  event: StockReceived,
  before: Reservation | null,
  shelfDeltas: Map<string, ShelfDelta>,
  time: string,
): PlannedDelivery {
  const { receiptId, items } = event.data;
  if (before !== null) {
    if (sameGoods(items, before.lines)) return { publish: [] };
    throw new ConflictError(`Receipt ${receiptId} was already taken with other items`, 'data.items');
  }
  const lines = sumBySku(items);
  addDeltas(shelfDeltas, lines, { available: 1, reserved: 0, sold: 0 });
  return { write: { before, after: { orderId: recordKeyOf(event), state: 'received', lines, time } }, publish: [] };
}

/** Plans an order that is already on record: publishes the recorded outcome again. */
function repeatOutcome(reservation: Reservation, lines: readonly Line[], trace: TraceContext): PlannedDelivery {
  const { orderId, state } = reservation;
  if (state !== 'cancelled' && !sameGoods(lines, reservation.lines))
    throw new ConflictError(`Order ${orderId} was already placed with other items`);
  return { publish: outcomeEvents(reservation, trace) };
}

function outcomeEvents(reservation: Reservation, trace: TraceContext): CloudEvent[] {
  const { orderId, state, lines, short = [], time } = reservation;
  const event = <Items>(contract: EventContract<string, { orderId: string; items: Items }>, items: Items) =>
    buildEvent(contract, {
      id: `${orderId}.${contract.type}`,
      time,
      subject: orderId,
      trace,
      data: { orderId, items },
    });
  if (state === 'reserved' || state === 'sold') return [event(stockReserved, lines)];
  if (state === 'rejected') return [event(stockRejected, short)];
  return state === 'released' ? [event(stockReleased, lines)] : [];
}

/** Returns the SKUs of which this plan cannot reserve enough. */
function shortagesOf(
  lines: readonly Line[],
  snapshot: StockSnapshot,
  shelfDeltas: Map<string, ShelfDelta>,
): Shortage[] {
  return lines.flatMap(({ sku, quantity }) => {
    const available = availableAfterPlan(sku, snapshot, shelfDeltas);
    if (available >= quantity) return [];
    const unknown = snapshot.available.get(sku) === null && available === 0;
    return [{ sku, quantity, available, ...(unknown ? { unknown } : {}) }];
  });
}

/** Returns how many pieces of a SKU this plan can still reserve. Infinity if the snapshot lacks the SKU. */
function availableAfterPlan(sku: string, snapshot: StockSnapshot, shelfDeltas: Map<string, ShelfDelta>): number {
  const known = snapshot.available.get(sku);
  const planned = shelfDeltas.get(sku)?.available ?? 0;
  return known === undefined ? Number.POSITIVE_INFINITY : (known ?? 0) + planned;
}

function addDeltas(shelfDeltas: Map<string, ShelfDelta>, lines: readonly Line[], perPiece: ShelfDelta): void {
  for (const { sku, quantity } of lines) {
    const sum = shelfDeltas.get(sku) ?? { available: 0, reserved: 0, sold: 0 };
    shelfDeltas.set(sku, {
      available: sum.available + perPiece.available * quantity,
      reserved: sum.reserved + perPiece.reserved * quantity,
      sold: sum.sold + perPiece.sold * quantity,
    });
  }
}
