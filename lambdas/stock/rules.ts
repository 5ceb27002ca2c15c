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
  type ReturnedLine,
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
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import { type Delivery, recordKeyOf } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';

/** The stock of one SKU, in pieces: for sale, reserved for orders, and sold. The sum equals what was received. */
export type Shelf = { sku: string; available: number; reserved: number; sold: number };

/**
 * Goods of a sold order that came back: in `available` too where `restock`, and still in `sold`. `amount`: the money that was to go back with
 * them, of which payment has a refund under the same id; absent where there was none.
 */
export type Return = { refundId: string; lines: readonly ReturnedLine[]; amount?: number; time: string };

/**
 * An order's reservation record. `released`: its goods were put back, whether they were reserved or sold. `cancelled`: it was cancelled
 * before it came and never held anything; until it comes, the record is its tombstone. A receipt of goods (`received`) is recorded beside
 * them, under `receiptKey`.
 */
export type Reservation = {
  orderId: string;
  state: 'reserved' | 'rejected' | 'sold' | 'released' | 'cancelled' | 'received';
  /** The ordered or received items, one line per SKU; none of a tombstone. */
  lines: Line[];
  /** Who placed the order, as `CustomerHash` hides them; absent where the order names no customer. */
  customer?: string;
  /** What came back of a sold order, in sequence. */
  returned?: readonly Return[];
  /** Goods of the order left: its cancellation puts nothing back any more. */
  dispatched?: true;
  /** Of a rejected order: the SKUs that were short. */
  short?: Shortage[];
  time: string;
  /** When a tombstone is deleted (seconds since 1970). */
  expiresAt?: number;
};

export type StockInput = OrderPlaced | OrderConfirmed | OrderCancelled | StockReceived;

/** What a plan knows of the table. Absent: not read, so the usual case is assumed. `null`: read, and does not exist. */
export type StockSnapshot = {
  reservations: Map<string, Reservation | null>;
  available: Map<string, number | null>;
};

/** A reservation to create, or the attributes to change, on condition that the table still holds `before`. A change ends a tombstone. */
export type ReservationWrite = { before: null; after: Reservation } | { before: Reservation; after: ReservationChange };

export type ReservationChange = Pick<Reservation, 'orderId' | 'state'> &
  Partial<Pick<Reservation, 'lines' | 'customer' | 'time'>>;

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
      return planDelivery(delivery.event, { snapshot, shelfDeltas, now, customerHash });
    } catch (failure) {
      return { failure };
    }
  });
  return { planned, shelfDeltas };
}

/** What a delivery is planned with: what is known of the table, and the changes that are planned to the shelves. */
type Planning = {
  snapshot: StockSnapshot;
  shelfDeltas: Map<string, ShelfDelta>;
  now: Date;
  customerHash: CustomerHash | undefined;
};

function planDelivery(event: StockInput, planning: Planning): PlannedDelivery {
  const reservation = planning.snapshot.reservations.get(recordKeyOf(event));
  switch (event.type) {
    case orderPlaced.type:
      return planPlaced(event, planning);
    case orderConfirmed.type:
      return planConfirmed(event, reservation, planning);
    case orderCancelled.type:
      return planCancelled(event.data.orderId, reservation ?? null, planning, traceContextOf(event));
    case stockReceived.type:
      return planReceived(event, reservation ?? null, planning);
  }
}

function planPlaced(event: OrderPlaced, { snapshot, shelfDeltas, now, customerHash }: Planning): PlannedDelivery {
  const { orderId } = event.data;
  const reservation = snapshot.reservations.get(orderId);
  const placed = { orderId, lines: goodsOf(event.data.items), ...customerOf(event.data, customerHash) };
  if (reservation) return repeatPlaced(reservation, placed, traceContextOf(event));
  const { lines } = placed;
  const short = shortagesOf(lines, snapshot, shelfDeltas);
  const time = now.toISOString();
  const after: Reservation =
    short.length > 0 ? { ...placed, state: 'rejected', short, time } : { ...placed, state: 'reserved', time };
  if (after.state === 'reserved') addDeltas(shelfDeltas, lines, { available: -1, reserved: 1, sold: 0 });
  return { write: { before: null, after }, publish: outcomeEvents(after, traceContextOf(event)) };
}

function planConfirmed(
  event: OrderConfirmed,
  reservation: Reservation | null | undefined,
  planning: Planning,
): PlannedDelivery {
  const { orderId, items } = event.data;
  const { shelfDeltas, now } = planning;
  const assumed: Reservation = { orderId, state: 'reserved', lines: sumBySku(items), time: now.toISOString() };
  const before = reservation === undefined ? assumed : reservation;
  if (before === null) return sellUnreserved(assumed, planning);
  // Once cancelled is heard, a confirmation changes nothing.
  if (before.state !== 'reserved') return { publish: [] };
  if (!sameGoods(items, before.lines))
    throw new ConflictError(`Order ${orderId} is confirmed with other items than are reserved`, 'data.items');
  addDeltas(shelfDeltas, before.lines, { available: 0, reserved: -1, sold: 1 });
  return { write: { before, after: { orderId, state: 'sold' } }, publish: [] };
}

// A dead letter's reason has a thousand characters.
const NAMED_SHORTAGES = 3;

/**
 * Plans a confirmed order without a reservation: the table was put back to before it, and so are the shelves, which sell its goods. Throws
 * `ConflictError` where they have too few.
 */
function sellUnreserved(confirmed: Reservation, { snapshot, shelfDeltas }: Planning): PlannedDelivery {
  const { orderId, lines } = confirmed;
  const short = shortagesOf(lines, snapshot, shelfDeltas);
  if (short.length > 0) {
    const missing = short
      .slice(0, NAMED_SHORTAGES)
      .map(({ sku, quantity, available }) => `${available} of ${quantity} pieces of ${sku}`);
    const more = short.length > NAMED_SHORTAGES ? ` and ${short.length - NAMED_SHORTAGES} more` : '';
    throw new ConflictError(
      `Order ${orderId} is confirmed without a reservation, and its goods are not there any more: ${missing.join(', ')}${more}`,
      'data.items',
    );
  }
  addDeltas(shelfDeltas, lines, { available: -1, reserved: 0, sold: 1 });
  return { write: { before: null, after: { ...confirmed, state: 'sold' } }, publish: [] };
}

function planCancelled(
  orderId: string,
  before: Reservation | null,
  { shelfDeltas, now }: Planning,
  trace: TraceContext,
): PlannedDelivery {
  const time = now.toISOString();
  switch (before?.state) {
    case undefined: {
      const after: Reservation = { orderId, state: 'cancelled', lines: [], time, expiresAt: tombstoneExpiry(now) };
      return { write: { before: null, after }, publish: [] };
    }
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
  { shelfDeltas, now }: Planning,
): PlannedDelivery {
  const { receiptId, items } = event.data;
  if (before !== null) {
    if (sameGoods(items, before.lines)) return { publish: [] };
    throw new ConflictError(`Receipt ${receiptId} was already taken with other items`, 'data.items');
  }
  const lines = sumBySku(items);
  addDeltas(shelfDeltas, lines, { available: 1, reserved: 0, sold: 0 });
  const after: Reservation = { orderId: recordKeyOf(event), state: 'received', lines, time: now.toISOString() };
  return { write: { before, after }, publish: [] };
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
