import { UnavailableError } from '../../lambdas/runtime/failure.ts';
import type { OrderRecord, RecordChange, RecordStore, SaveResult } from '../../lambdas/runtime/records.ts';

/** A record store in memory with the version checks of the real one; counts calls and can be made to fail. */
export class MemoryRecordStore<R extends OrderRecord> implements RecordStore<R> {
  readonly items = new Map<string, R>();
  loads = 0;
  saves = 0;
  advances = 0;
  /** Results to return instead of writing, one per write in sequence; `undefined` writes normally. */
  readonly plannedResults: (SaveResult<R> | 'saved-but-conflict' | undefined)[] = [];
  /** Runs before each save, so that a test can write concurrently. */
  beforeSave: () => void = () => {};
  /** Returns whether the current `advanceTo` call fails. */
  advanceFails: () => boolean = () => false;

  async load(orderIds: readonly string[]): Promise<Map<string, R>> {
    this.loads += 1;
    const found = new Map<string, R>();
    for (const orderId of orderIds) {
      const item = this.items.get(orderId);
      if (item !== undefined) found.set(orderId, structuredClone(item));
    }
    return found;
  }

  async save(changes: readonly RecordChange<R>[]): Promise<SaveResult<R>[]> {
    this.saves += 1;
    this.beforeSave();
    const results = changes.map((change) => {
      const planned = this.plannedResults.shift();
      if (planned === undefined) return this.write(change);
      if (planned !== 'saved-but-conflict') return planned;
      // The write succeeded, its response was lost, and the SDK's retry was refused.
      this.write(change);
      return 'conflict';
    });
    const [only] = changes;
    // A single new record is put, and a refused put returns the existing record.
    const item =
      only !== undefined &&
      changes.length === 1 &&
      only.before === undefined &&
      results[0] === 'conflict' &&
      this.items.get(only.after.orderId);
    return item ? [{ found: structuredClone(item) }] : results;
  }

  async advanceTo(attribute: keyof R & string, values: ReadonlyMap<string, number>): Promise<void> {
    this.advances += 1;
    if (this.advanceFails()) throw new UnavailableError('The update was lost');
    for (const [orderId, value] of values) {
      const item = this.items.get(orderId);
      const kept: unknown = item?.[attribute];
      // A condition on a missing attribute is false, and an update with a condition creates no item.
      if (item !== undefined && typeof kept === 'number' && kept < value)
        this.items.set(orderId, { ...item, [attribute]: value });
    }
  }

  /** Writes a record as another process would, with the next version. */
  overwrite(record: R): void {
    this.items.set(record.orderId, {
      ...structuredClone(record),
      version: (this.items.get(record.orderId)?.version ?? 0) + 1,
    });
  }

  private write({ before, after }: RecordChange<R>): SaveResult<R> {
    const item = this.items.get(after.orderId);
    if (item?.version !== before?.version) return 'conflict';
    // Like the real table, writes only attributes that differ from what was read.
    const was = new Map<string, unknown>(Object.entries(before ?? {}));
    const wanted = Object.entries(after).filter(([, value]) => value !== undefined);
    const written = { ...item, ...Object.fromEntries(wanted.filter(([name, value]) => was.get(name) !== value)) };
    const kept = Object.entries(written).filter(
      ([name]) => !was.has(name) || name === 'orderId' || wanted.some(([other]) => other === name),
    );
    const next = { ...Object.fromEntries(kept), version: (before?.version ?? 0) + 1 } as R;
    this.items.set(after.orderId, structuredClone(next));
    return 'saved';
  }
}
