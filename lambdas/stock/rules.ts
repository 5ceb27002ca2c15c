import { buildEvent, type CloudEvent, type EventContract } from '../../contracts/cloud-event.ts';
import {
  type Line,
  type OrderCancelled,
  type OrderConfirmed,
  type OrderPlaced,
  orderConfirmed,
  orderPlaced,
  sameGoods,
  sumBySku,
} from '../../contracts/order.ts';
import { stockRejected, stockReleased, stockReserved } from '../../contracts/stock.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';

/** How many pieces of one SKU are for sale, set aside for orders, and gone. Their sum is what came in. */
export type Shelf = { sku: string; available: number; reserved: number; sold: number };

/** What an order holds. `cancelled` alone is the tombstone of an order that must not reserve anything. */
export type Reservation = {
  orderId: string;
  state: 'reserved' | 'rejected' | 'sold' | 'released' | 'cancelled';
  /** What was asked for, one line per SKU. */
  lines: Line[];
  /** The lines that were short, where the order was rejected. */
  short?: Line[];
  time: string;
};

export type StockInput = OrderPlaced | OrderConfirmed | OrderCancelled;

/** What a plan believes of the table: `undefined` = not read, so the usual case is assumed; `null` = read, and not there. */
export type StockSnapshot = {
  reservations: Map<string, Reservation | null>;
  available: Map<string, number>;
};

/** A reservation to make where there is none, or what to change of one, on condition that the table still holds `before`. */
export type ReservationWrite =
  | { before: null; after: Reservation }
  | { before: Reservation; after: Pick<Reservation, 'orderId' | 'state'> & Partial<Reservation> };

/** The pieces that move between a shelf's three numbers; `available` must suffice. */
export type Movement = { available: number; reserved: number; sold: number };

/** What one delivery comes to under a plan. */
export type PlannedDelivery = { write?: ReservationWrite; publish: readonly CloudEvent[] } | { failure: unknown };

/** One transaction's worth of work: what each delivery comes to, and all movements of a shelf summed into one. */
export type StockPlan = { planned: PlannedDelivery[]; movements: Map<string, Movement> };

/**
 * Takes deliveries of different orders and what is known, and plans one transaction for all of them: first come, first
 * served, every order gets all its lines or none. What is not known is assumed to be as usual (a new order, enough goods);
 * the transaction's conditions catch a wrong assumption, and its refusal says what to know for the next plan.
 */
export function planStock(deliveries: readonly Delivery<StockInput>[], known: StockSnapshot, now: Date): StockPlan {
  const movements = new Map<string, Movement>();
  const planned = deliveries.map((delivery): PlannedDelivery => {
    try {
      return planOne(delivery.event, known, movements, now.toISOString());
    } catch (failure) {
      return { failure };
    }
  });
  return { planned, movements };
}

function planOne(
  event: StockInput,
  known: StockSnapshot,
  movements: Map<string, Movement>,
  time: string,
): PlannedDelivery {
  const { orderId } = event.data;
  const reservation = known.reservations.get(orderId);
  if (event.type === orderPlaced.type) {
    const lines = sumBySku(event.data.items);
    if (reservation) return repeatOutcome(reservation, lines, event.traceparent);
    const short = lines.filter(({ sku, quantity }) => remaining(sku, known, movements) < quantity);
    const after: Reservation =
      short.length > 0
        ? { orderId, state: 'rejected', lines, short, time }
        : { orderId, state: 'reserved', lines, time };
    if (after.state === 'reserved') move(movements, lines, { available: -1, reserved: 1, sold: 0 });
    return { write: { before: null, after }, publish: outcomeEvents(after, event.traceparent) };
  }
  if (event.type === orderConfirmed.type) {
    const usual: Reservation = { orderId, state: 'reserved', lines: sumBySku(event.data.items), time };
    const before = reservation === undefined ? usual : reservation;
    if (before?.state === 'sold') return { publish: [] };
    if (before?.state !== 'reserved') throw new ConflictError(`Order ${orderId} is confirmed but holds no goods`);
    move(movements, before.lines, { available: 0, reserved: -1, sold: 1 });
    return { write: { before, after: { orderId, state: 'sold' } }, publish: [] };
  }
  return planCancelled(orderId, reservation ?? null, movements, time, event.traceparent);
}

function planCancelled(
  orderId: string,
  before: Reservation | null,
  movements: Map<string, Movement>,
  time: string,
  traceparent: string | undefined,
): PlannedDelivery {
  switch (before?.state) {
    case undefined:
      return { write: { before: null, after: { orderId, state: 'cancelled', lines: [], time } }, publish: [] };
    case 'reserved': {
      move(movements, before.lines, { available: 1, reserved: -1, sold: 0 });
      const change = { orderId, state: 'released', time } as const;
      return { write: { before, after: change }, publish: outcomeEvents({ ...before, ...change }, traceparent) };
    }
    case 'released':
      return { publish: outcomeEvents(before as Reservation, traceparent) };
    case 'sold':
      throw new ConflictError(`Order ${orderId} is cancelled but its goods are sold`);
    default:
      return { publish: [] };
  }
}

/** An order that is on record already: the recorded outcome is published once more. */
function repeatOutcome(
  reservation: Reservation,
  lines: readonly Line[],
  traceparent: string | undefined,
): PlannedDelivery {
  const { orderId, state } = reservation;
  if (state !== 'cancelled' && !sameGoods(lines, reservation.lines))
    throw new ConflictError(`Order ${orderId} was already placed with other items`);
  return { publish: outcomeEvents(reservation, traceparent) };
}

function outcomeEvents(reservation: Reservation, traceparent: string | undefined): CloudEvent[] {
  const { orderId, state, lines, short = [], time } = reservation;
  const event = (contract: EventContract<string, { orderId: string; items: Line[] }>, items: Line[]) =>
    buildEvent(contract, {
      id: `${orderId}.${contract.type}`,
      time,
      subject: orderId,
      traceparent,
      data: { orderId, items },
    });
  if (state === 'reserved' || state === 'sold') return [event(stockReserved, lines)];
  if (state === 'rejected') return [event(stockRejected, short)];
  return state === 'released' ? [event(stockReleased, lines)] : [];
}

/** How many pieces of a SKU this plan may still hand out; unknown means plenty until the table says otherwise. */
function remaining(sku: string, known: StockSnapshot, movements: Map<string, Movement>): number {
  return (known.available.get(sku) ?? Number.POSITIVE_INFINITY) + Math.min(0, movements.get(sku)?.available ?? 0);
}

function move(movements: Map<string, Movement>, lines: readonly Line[], sign: Movement): void {
  for (const { sku, quantity } of lines) {
    const sum = movements.get(sku) ?? { available: 0, reserved: 0, sold: 0 };
    movements.set(sku, {
      available: sum.available + sign.available * quantity,
      reserved: sum.reserved + sign.reserved * quantity,
      sold: sum.sold + sign.sold * quantity,
    });
  }
}
