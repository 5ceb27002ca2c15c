import { isDeepStrictEqual } from 'node:util';
import { BusyError } from '../../lambdas/runtime/failure.ts';
import type { ReservationWrite, StockPlan } from '../../lambdas/stock/plan.ts';
import type { Reservation, Shelf } from '../../lambdas/stock/record.ts';
import type { BlockedItems, CommitRefusal, StockTable } from '../../lambdas/stock/table.ts';

const MAX_TRANSACTION_ACTIONS = 100;

/** A stock table in memory with the transaction conditions of the real one; counts calls and can be made to conflict. */
export class MemoryStockTable implements StockTable {
  readonly shelves = new Map<string, Shelf>();
  readonly reservations = new Map<string, Reservation>();
  loads = 0;
  /** The number of actions of each attempted transaction. */
  readonly transactions: number[] = [];
  /** Returns whether the current transaction conflicts with another. */
  conflicts: () => boolean = () => false;
  /** Shelves that cannot be written, and why. */
  readonly blockedShelves = new Map<string, Error>();
  /** Returns why the current transaction is refused as a whole, if it is. */
  refuses: (plan: StockPlan) => Error | undefined = () => undefined;

  constructor(available: Record<string, number> = {}) {
    for (const [sku, quantity] of Object.entries(available))
      this.shelves.set(sku, { sku, available: quantity, reserved: 0, sold: 0 });
  }

  async load(orderIds: readonly string[]): Promise<Map<string, Reservation | null>> {
    if (orderIds.length > 0) this.loads += 1;
    return new Map(orderIds.map((orderId) => [orderId, structuredClone(this.reservations.get(orderId) ?? null)]));
  }

  async commit(plan: StockPlan): Promise<CommitRefusal | undefined> {
    const { planned, shelfDeltas } = plan;
    const writes = planned.flatMap((one) => ('write' in one && one.write !== undefined ? [one.write] : []));
    this.transactions.push(writes.length + shelfDeltas.size);
    const keys = new Set(writes.map(({ after }) => after.orderId));
    if (writes.length + shelfDeltas.size > MAX_TRANSACTION_ACTIONS || keys.size < writes.length) {
      throw Object.assign(new Error('Too many actions, or two on one item'), { name: 'ValidationException' });
    }
    const all = this.refuses(plan);
    const nothing = { reservations: new Map(), available: new Map() };
    if (all !== undefined) return { ...nothing, blocked: { reservations: new Map(), shelves: new Map(), all } };
    if (this.conflicts()) return { ...nothing, blocked: conflictOf(keys, shelfDeltas) };
    const reservations = this.mismatches(writes);
    const available = this.shortages(shelfDeltas);
    const shelves = new Map([...this.blockedShelves].filter(([sku]) => shelfDeltas.has(sku)));
    if (reservations.size + available.size + shelves.size > 0)
      return { reservations, available, blocked: { reservations: new Map(), shelves } };
    for (const write of writes) this.apply(write);
    for (const [sku, delta] of shelfDeltas) {
      const shelf = this.shelves.get(sku) ?? { sku, available: 0, reserved: 0, sold: 0 };
      this.shelves.set(sku, shelf);
      for (const part of ['available', 'reserved', 'sold'] as const) shelf[part] += delta[part];
    }
    return undefined;
  }

  /** Returns the reservations that are not as a write expects them. */
  private mismatches(writes: readonly ReservationWrite[]): CommitRefusal['reservations'] {
    const found: CommitRefusal['reservations'] = new Map();
    for (const { before, after } of writes) {
      const held = this.reservations.get(after.orderId);
      const matches =
        before === null
          ? held === undefined
          : held !== undefined && isDeepStrictEqual(decidedFrom(held), decidedFrom(before));
      if (!matches) found.set(after.orderId, structuredClone(held ?? null));
    }
    return found;
  }

  /** Returns what is available of the SKUs that a plan takes too much of. */
  private shortages(shelfDeltas: StockPlan['shelfDeltas']): CommitRefusal['available'] {
    const found: CommitRefusal['available'] = new Map();
    for (const [sku, { available, reserved, sold }] of shelfDeltas) {
      const shelf = this.shelves.get(sku);
      const givesOnly = Math.min(available, reserved, sold) >= 0;
      const enough =
        shelf !== undefined && shelf.available >= -available && shelf.reserved >= -reserved && shelf.sold >= -sold;
      if (!enough && !givesOnly) found.set(sku, shelf?.available ?? null);
    }
    return found;
  }

  /** Like the real table, updates only what changes, and ends a tombstone. */
  private apply({ before, after }: ReservationWrite): void {
    if (before === null) return void this.reservations.set(after.orderId, structuredClone(after));
    const { expiresAt: _, ...held } = this.reservations.get(after.orderId) ?? before;
    this.reservations.set(after.orderId, structuredClone({ ...held, ...after }));
  }

  shelf(sku: string): Shelf {
    const shelf = this.shelves.get(sku);
    if (shelf === undefined) throw new Error(`There is no shelf ${sku}`);
    return shelf;
  }

  /** Returns the total of a SKU: available, reserved and sold. */
  total(sku: string): number {
    const { available, reserved, sold } = this.shelf(sku);
    return available + reserved + sold;
  }

  /** Returns the lowest number of any SKU. */
  minimum(): number {
    return Math.min(
      ...[...this.shelves.values()].flatMap(({ available, reserved, sold }) => [available, reserved, sold]),
    );
  }
}

/** Returns what a change was decided from. */
const decidedFrom = ({ state, lines, returned, dispatched, expiresAt }: Reservation) => ({
  state,
  lines,
  returned,
  dispatched,
  expiresAt,
});

/** Returns that another transaction is writing all of a transaction's items. */
function conflictOf(orderIds: ReadonlySet<string>, shelfDeltas: StockPlan['shelfDeltas']): BlockedItems {
  const busy = new BusyError('Another transaction is writing the same stock');
  const all = (keys: Iterable<string>) => new Map([...keys].map((key) => [key, busy]));
  return { reservations: all(orderIds), shelves: all(shelfDeltas.keys()) };
}
