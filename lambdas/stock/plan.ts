import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Line } from '../../contracts/order.ts';
import type { Shortage } from '../../contracts/stock.ts';
import type { CustomerHash } from '../runtime/customer-hash.ts';
import type { Reservation } from './record.ts';

/** What a plan knows of the table. Absent: not read, so the usual case is assumed. `null`: read, and does not exist. */
export type StockSnapshot = {
  reservations: Map<string, Reservation | null>;
  available: Map<string, number | null>;
};

/** A reservation to create, or the attributes to change, on condition that the table still holds `before`. A change ends a tombstone. */
export type ReservationWrite = { before: null; after: Reservation } | { before: Reservation; after: ReservationChange };

export type ReservationChange = Pick<Reservation, 'orderId' | 'state'> &
  Partial<Pick<Reservation, 'lines' | 'customer' | 'returned' | 'dispatched' | 'time'>>;

/**
 * Changes to a shelf's three numbers, in pieces. A write fails if it takes what is not there; one that takes nothing creates the
 * shelf where there is none.
 */
export type ShelfDelta = { available: number; reserved: number; sold: number };

/** Goods that move on their shelves: each piece of each line by so much. */
export type ShelfMove = { lines: readonly Line[]; perPiece: ShelfDelta };

/** The plan for one delivery: what to write, to move and to publish, or why it fails. */
export type PlannedDelivery =
  | { write?: ReservationWrite; move?: ShelfMove; publish: readonly CloudEvent[] }
  | { failure: unknown };

/** The plan for one transaction: one entry per delivery, and the changes to each shelf, summed over all deliveries. */
export type StockPlan = { planned: PlannedDelivery[]; shelfDeltas: Map<string, ShelfDelta> };

/** What a delivery is planned with: what is known of the table, and the changes that are planned to the shelves before it. */
export type Planning = {
  snapshot: StockSnapshot;
  shelfDeltas: Map<string, ShelfDelta>;
  now: Date;
  customerHash: CustomerHash | undefined;
};

/** Adds what moves to the changes of the shelves. */
export function addMove(shelfDeltas: Map<string, ShelfDelta>, { lines, perPiece }: ShelfMove): void {
  for (const { sku, quantity } of lines) {
    const sum = shelfDeltas.get(sku) ?? { available: 0, reserved: 0, sold: 0 };
    shelfDeltas.set(sku, {
      available: sum.available + perPiece.available * quantity,
      reserved: sum.reserved + perPiece.reserved * quantity,
      sold: sum.sold + perPiece.sold * quantity,
    });
  }
}

/** Returns the SKUs of which this plan cannot take enough. */
export function shortagesOf(lines: readonly Line[], { snapshot, shelfDeltas }: Planning): Shortage[] {
  return lines.flatMap(({ sku, quantity }) => {
    const known = snapshot.available.get(sku);
    // What was not read is assumed to be enough.
    if (known === undefined) return [];
    const available = (known ?? 0) + (shelfDeltas.get(sku)?.available ?? 0);
    if (available >= quantity) return [];
    const unknown = known === null && available === 0;
    return [{ sku, quantity, available, ...(unknown ? { unknown } : {}) }];
  });
}

// A dead letter's reason has a thousand characters.
const NAMED = 3;

/** Joins the first few of what is wrong, and counts the rest. */
export const nameFew = (all: readonly string[]): string =>
  `${all.slice(0, NAMED).join(', ')}${all.length > NAMED ? ` and ${all.length - NAMED} more` : ''}`;
