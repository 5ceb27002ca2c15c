import { isOfOrder } from '../../lambdas/stock/record.ts';
import type { CountedShelf } from '../stock/shelves.ts';
import {
  AGREES,
  isDifferent,
  type ShelfDifference,
  type SkuSums,
  sameDifference,
  shelfDifference,
  sumReservations,
  type WrongShelf,
  wrongShelf,
} from './shelves.ts';
import type { AuditTables } from './tables.ts';

/** `moving`: how many shelves could not be compared with their sums, because orders changed them meanwhile. */
export type ShelfAudit = { checked: number; wrong: WrongShelf[]; moving: number };

type Options = {
  /** Gets the ids of the orders that have reservations. */
  lookFor(orderIds: readonly string[]): void;
  /** Waits before what seems to be wrong is read again. */
  pauseFirst(): Promise<unknown>;
};

type Shelves = ReadonlyMap<string, CountedShelf>;
type Sums = ReadonlyMap<string, SkuSums>;

const NONE = { lasting: new Map<string, ShelfDifference>(), moving: 0 };

/**
 * Holds the shelves against reservations, returns and receipts. While those are read, orders move the shelves: what agrees with the shelf of before or of
 * afterwards is right, and what is wrong differs by as much when all is read once more.
 */
export async function auditShelves(tables: AuditTables, { lookFor, pauseFirst }: Options): Promise<ShelfAudit> {
  async function* reservations() {
    for await (const page of tables.reservations()) {
      lookFor(page.filter(isOfOrder).map(({ orderId }) => orderId));
      yield page;
    }
  }
  const before = await tables.shelves();
  const sums = await sumReservations(reservations(), before);
  const after = await tables.shelves();
  const skus = [...new Set([...after.keys(), ...sums.keys()])];
  const suspects = differencesOf(skus, after, sums);
  for (const sku of suspects.keys()) {
    if (!isDifferent(shelfDifference(before.get(sku), sums.get(sku)))) suspects.delete(sku);
  }
  if (suspects.size > 0) await pauseFirst();
  const { lasting, moving } = suspects.size === 0 ? NONE : await confirm(tables, suspects);
  const wrong = skus.flatMap((sku) => wrongShelf(sku, after.get(sku), lasting.get(sku) ?? AGREES) ?? []);
  return { checked: skus.length, wrong, moving };
}

function differencesOf(skus: Iterable<string>, shelves: Shelves, sums: Sums): Map<string, ShelfDifference> {
  const all = [...skus].map((sku) => [sku, shelfDifference(shelves.get(sku), sums.get(sku))] as const);
  return new Map(all.filter(([, difference]) => isDifferent(difference)));
}

/** Reads all reservations once more, and returns which differences are still the same, before and afterwards, and how many have changed. */
async function confirm(tables: AuditTables, suspects: ReadonlyMap<string, ShelfDifference>) {
  const before = await tables.shelves();
  const sums = await sumReservations(tables.reservations(), before, (sku) => suspects.has(sku));
  const readings = [before, await tables.shelves()].map((shelves) => differencesOf(suspects.keys(), shelves, sums));
  const lasting = new Map(
    [...suspects].filter(([sku, first]) => readings.every((again) => sameDifference(first, again.get(sku) ?? AGREES))),
  );
  const agreeing = [...suspects.keys()].filter((sku) => readings.some((again) => !again.has(sku)));
  return { lasting, moving: suspects.size - lasting.size - agreeing.length };
}
