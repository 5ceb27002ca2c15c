import { type Line, type ReturnedLine, sumBySku } from '../../contracts/order.ts';
import type { Shortage } from '../../contracts/stock.ts';

/** The stock of one SKU, in pieces: for sale, reserved for orders, and sold. The sum equals what came in and what came back. */
export type Shelf = { sku: string; available: number; reserved: number; sold: number };

/**
 * Goods of a sold order that came back: in `available` too where `restock`, and still in `sold`. `amount`: the money that was to go back with
 * them, of which payment has a refund under the same id; absent where there was none.
 */
export type Return = { refundId: string; lines: readonly ReturnedLine[]; amount?: number; time: string };

/**
 * An order's reservation record. `released`: its goods were put back, whether they were reserved or sold; what had been returned before stays
 * sold. `cancelled`: it was cancelled before it came and never held anything; until it comes, the record is its tombstone. A receipt of
 * goods (`received`) is recorded beside them, under `receiptKey`.
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

type Returned = Pick<Reservation, 'returned'>;

/** Sums what came back of an order, by SKU. */
export const returnedPieces = ({ returned = [] }: Returned): Line[] => sumBySku(returned.flatMap(({ lines }) => lines));

/** Returns an order's goods less what came back of them: what its cancellation puts on the shelf. */
export function linesNotReturned(reservation: Returned & Pick<Reservation, 'lines'>): Line[] {
  const back = new Map(returnedPieces(reservation).map(({ sku, quantity }) => [sku, quantity]));
  return reservation.lines
    .map(({ sku, quantity }) => ({ sku, quantity: quantity - (back.get(sku) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
}
