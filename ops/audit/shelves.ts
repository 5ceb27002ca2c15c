import type { Line } from '../../contracts/order.ts';
import {
  type EndedSales,
  type Reservation,
  restockedLines,
  type Shelf,
  soldLines,
} from '../../lambdas/stock/record.ts';
import { shellArgument } from '../command.ts';
import { plural } from '../format.ts';
import type { CountedShelf } from '../stock/shelves.ts';

/** A shelf that does not add up, in words, and what a person has to do: no event mends it. */
export type WrongShelf = { sku: string; problem: string; repair: string };

/**
 * What reservations and receipts say of one SKU, in pieces. `sold`: with what came back, which stays sold. `added`: what came in, and what came
 * back on the shelf. `uncertain`: of that, what did so at about the time when the shelf was counted.
 */
export type SkuSums = { reserved: number; sold: number; added: number; uncertain: number };

/** By how much a shelf differs from its sums; 0: it agrees. `lost`: pieces that came in and are not there; below 0: pieces too many. */
export type ShelfDifference = { reserved: number; sold: number; lost: number };

// The clocks of whoever counts and of whoever takes goods in or back.
const CLOCK_TOLERANCE_MS = 600_000;

const NOTHING: SkuSums = { reserved: 0, sold: 0, added: 0, uncertain: 0 };

type Holding = Pick<Reservation, 'state' | 'lines' | 'returned' | 'time'> | EndedSales;

/** Sums reservations, receipts and ended sales by SKU; of a shelf that was counted, only what came in or back later. */
export async function sumReservations(
  pages: AsyncIterable<readonly Holding[]>,
  shelves: ReadonlyMap<string, CountedShelf>,
  isWanted: (sku: string) => boolean = () => true,
): Promise<Map<string, SkuSums>> {
  const sums = new Map<string, SkuSums>();
  const add = (lines: readonly Line[], change: (sum: SkuSums, line: Line) => void) => {
    for (const line of lines) {
      if (!isWanted(line.sku)) continue;
      const sum = sums.get(line.sku) ?? { ...NOTHING };
      sums.set(line.sku, sum);
      change(sum, line);
    }
  };
  for await (const page of pages) {
    for (const reservation of page) {
      const { reserved, sold, added } = holdingOf(reservation);
      add(reserved, (sum, { quantity }) => {
        sum.reserved += quantity;
      });
      add(sold, (sum, { quantity }) => {
        sum.sold += quantity;
      });
      for (const { lines, time } of added)
        add(lines, (sum, line) => addSinceCount(sum, line, time, shelves.get(line.sku)));
    }
  }
  return sums;
}

type Added = { lines: readonly Line[]; time: string };

/** Returns what a reservation, a receipt or ended sales say is on the shelves, and when it added to them. */
function holdingOf(record: Holding): { reserved: readonly Line[]; sold: readonly Line[]; added: readonly Added[] } {
  if (record.state === 'ended') return { reserved: [], sold: [{ sku: record.sku, quantity: record.sold }], added: [] };
  const { state, lines, time } = record;
  if (state === 'received') return { reserved: [], sold: [], added: [{ lines, time }] };
  return { reserved: state === 'reserved' ? lines : [], sold: soldLines(record), added: restockedLines(record) };
}

function addSinceCount(sum: SkuSums, { quantity }: Line, time: string, shelf: CountedShelf | undefined): void {
  const sinceCount = Date.parse(time) - Date.parse(shelf?.countedAt ?? '');
  if (sinceCount < -CLOCK_TOLERANCE_MS) return;
  sum.added += quantity;
  if (sinceCount < CLOCK_TOLERANCE_MS) sum.uncertain += quantity;
}

/** Compares a shelf with what reservations and receipts say; of one that was never counted, only whether pieces are lost is known. */
export function shelfDifference(shelf: CountedShelf | undefined, sums: SkuSums = NOTHING): ShelfDifference {
  const { available = 0, reserved = 0, sold = 0, counted, countedHeld = 0 } = shelf ?? {};
  const most = (counted ?? 0) + countedHeld + sums.added;
  const least = counted === undefined ? Number.NEGATIVE_INFINITY : most - sums.uncertain;
  const there = available + reserved + sold;
  const lost = counted === undefined ? Math.max(0, most - there) : clampToZero(least - there, most - there);
  return { reserved: reserved - sums.reserved, sold: sold - sums.sold, lost };
}

/** Returns 0 where it lies between two numbers, else the one that is nearer to it. */
const clampToZero = (least: number, most: number): number => (least > 0 ? least : most < 0 ? most : 0);

/** The difference of a shelf that agrees. */
export const AGREES: ShelfDifference = { reserved: 0, sold: 0, lost: 0 };

export const isDifferent = ({ reserved, sold, lost }: ShelfDifference): boolean =>
  reserved !== 0 || sold !== 0 || lost !== 0;

export const sameDifference = (one: ShelfDifference, other: ShelfDifference): boolean =>
  one.reserved === other.reserved && one.sold === other.sold && one.lost === other.lost;

/** Says in words what is wrong with a shelf; `undefined` where nothing is. */
export function wrongShelf(sku: string, shelf: Shelf | undefined, difference: ShelfDifference): WrongShelf | undefined {
  const { available = 0, reserved = 0, sold = 0 } = shelf ?? {};
  const id = shellArgument(sku);
  const found: string[] = [];
  const repairs = new Set<string>();
  for (const [name, number] of Object.entries({ available, reserved, sold })) {
    if (number < 0) found.push(`${plural(number, 'piece is', 'pieces are')} ${name}`);
  }
  for (const name of ['reserved', 'sold'] as const) {
    if (difference[name] === 0) continue;
    const [is, shouldBe] = [{ reserved, sold }[name], { reserved, sold }[name] - difference[name]];
    found.push(`${plural(is, 'piece is', 'pieces are')} ${name}, and the reservations say ${shouldBe}`);
    repairs.add(`No event mends this: while stock is paused, a person sets ${name} to ${shouldBe} in the stock table.`);
  }
  if (difference.lost !== 0) {
    const count = Math.abs(difference.lost);
    const numbers = `${available} available, ${reserved} reserved, ${sold} sold`;
    found.push(
      `${count} ${count === 1 ? 'piece' : 'pieces'} ${difference.lost > 0 ? 'that came in or came back are missing' : 'are there that never came in'} (${numbers})`,
    );
  }
  if (found.length === 0) return undefined;
  if (repairs.size === 0 || difference.lost !== 0)
    repairs.add(`A person counts the shelf: npm run ops -- stock set ${id} <pieces for sale>.`);
  return { sku, problem: found.join('; '), repair: [...repairs].join(' ') };
}
