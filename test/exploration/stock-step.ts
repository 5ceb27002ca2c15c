import { isDeepStrictEqual } from 'node:util';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { BusyError } from '../../lambdas/runtime/failure.ts';
import type { ReservationWrite, ShelfDelta, StockPlan, StockSnapshot } from '../../lambdas/stock/plan.ts';
import type { Reservation, Shelf } from '../../lambdas/stock/record.ts';

/** The reservation of the order, and the shelves. */
export type Stock = { reservation?: Reservation | undefined; shelves: Readonly<Record<string, Omit<Shelf, 'sku'>>> };

const MAX_ROUNDS = 6;

/**
 * Plans and commits as one transaction, again with what a refusal told, until the plan fits the tables: as `lambdas/stock/reserve.ts` does.
 * Throws what the plan fails with.
 */
export function commitStock(
  stock: Stock,
  orderId: string,
  isRead: boolean,
  plan: (snapshot: StockSnapshot) => StockPlan,
): Committed {
  const snapshot: StockSnapshot = { reservations: new Map(), available: new Map() };
  if (isRead) snapshot.reservations.set(orderId, stock.reservation ?? null);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const result = commitOnce(stock, plan(snapshot));
    if ('stock' in result) return result;
    if (result.isAnotherReservation) snapshot.reservations.set(orderId, stock.reservation ?? null);
    for (const sku of result.short) snapshot.available.set(sku, stock.shelves[sku]?.available ?? null);
  }
  throw new BusyError('The plan never fits the tables');
}

type Committed = { stock: Stock; publish: readonly CloudEvent[] };

/** Commits a plan for one delivery, or tells why the tables refuse it. */
function commitOnce(
  stock: Stock,
  { planned: [only], shelfDeltas }: StockPlan,
): Committed | { isAnotherReservation: boolean; short: readonly string[] } {
  if (only === undefined) throw new Error('There is no plan');
  if ('failure' in only) throw only.failure;
  const isAnotherReservation = only.write !== undefined && !fits(stock.reservation, only.write);
  const short = shortages(stock, shelfDeltas);
  if (isAnotherReservation || short.length > 0) return { isAnotherReservation, short };
  return { stock: applied(stock, only.write, shelfDeltas), publish: only.publish };
}

const fits = (held: Reservation | undefined, { before }: ReservationWrite): boolean =>
  before === null
    ? held === undefined
    : held?.state === before.state &&
      held.expiresAt === before.expiresAt &&
      held.dispatched === before.dispatched &&
      isDeepStrictEqual(held.returned, before.returned) &&
      isDeepStrictEqual(held.lines, before.lines);

/** Returns the SKUs of which a plan takes more than there is. */
const shortages = ({ shelves }: Stock, deltas: ReadonlyMap<string, ShelfDelta>): string[] =>
  [...deltas].flatMap(([sku, delta]) => {
    const shelf = shelves[sku];
    const givesOnly = Math.min(delta.available, delta.reserved, delta.sold) >= 0;
    const isEnough =
      shelf !== undefined &&
      shelf.available >= -delta.available &&
      shelf.reserved >= -delta.reserved &&
      shelf.sold >= -delta.sold;
    return givesOnly || isEnough ? [] : [sku];
  });

function applied(
  { reservation, shelves }: Stock,
  write: ReservationWrite | undefined,
  deltas: ReadonlyMap<string, ShelfDelta>,
): Stock {
  const changed = { ...shelves };
  for (const [sku, delta] of deltas) {
    const { available, reserved, sold } = changed[sku] ?? { available: 0, reserved: 0, sold: 0 };
    changed[sku] = {
      available: available + delta.available,
      reserved: reserved + delta.reserved,
      sold: sold + delta.sold,
    };
  }
  if (write === undefined) return { reservation, shelves: changed };
  if (write.before === null) return { reservation: write.after, shelves: changed };
  const { expiresAt: _, ...held } = reservation ?? write.before;
  return { reservation: { ...held, ...write.after }, shelves: changed };
}
