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

/**
 * How many pieces of a SKU the reservations sold that have ended. It lies beside the reservations, under `endedKey`, so that both are put back
 * together.
 */
export type EndedSales = { orderId: string; state: 'ended'; sku: string; sold: number; time: string };

/** Returns the key of a SKU's `EndedSales`; no order's id has a space. */
export const endedKey = (sku: string): string => `ended ${sku}`;

/** Tells whether an item beside the reservations is one: neither a receipt nor what ended orders sold. */
export const isOfOrder = (item: Reservation | EndedSales): item is Reservation =>
  item.state !== 'received' && item.state !== 'ended';

type Returned = Pick<Reservation, 'returned'>;

/** Returns what is sold of an order's goods: what came back of them stays sold, also when the rest was put back. */
export const soldLines = (reservation: Returned & Pick<Reservation, 'state' | 'lines'>): Line[] =>
  reservation.state === 'sold' ? reservation.lines : returnedPieces(reservation);

/** Returns what of an order's goods came back on the shelves, and when (ISO 8601). */
export const restockedLines = ({ returned = [] }: Returned): { lines: ReturnedLine[]; time: string }[] =>
  returned
    .map(({ lines, time }) => ({ lines: lines.filter(({ restock }) => restock), time }))
    .filter(({ lines }) => lines.length > 0);

/** Sums what came back of an order, by SKU. */
export const returnedPieces = ({ returned = [] }: Returned): Line[] => sumBySku(returned.flatMap(({ lines }) => lines));

/** Returns an order's goods less what came back of them: what its cancellation puts on the shelf. */
export function linesNotReturned(reservation: Returned & Pick<Reservation, 'lines'>): Line[] {
  const back = new Map(returnedPieces(reservation).map(({ sku, quantity }) => [sku, quantity]));
  return reservation.lines
    .map(({ sku, quantity }) => ({ sku, quantity: quantity - (back.get(sku) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
}
