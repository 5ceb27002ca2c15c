import { UnavailableError } from '../../lambdas/runtime/failure.ts';
import type { OrderRecord, RecordChange, RecordStore, SaveResult } from '../../lambdas/runtime/records.ts';

/** A table in memory with the versions' conditions of the real one; counts its calls and can be made to misbehave. */
export class MemoryRecordStore<R extends OrderRecord> implements RecordStore<R> {
  readonly items = new Map<string, R>();
  loads = 0;
  saves = 0;
  raises = 0;
  /** What to answer instead of the truth, one entry per write and in sequence; `undefined` = behave. */
  readonly fates: (SaveResult<R> | 'saved-but-conflict' | undefined)[] = [];
  /** Runs before a save looks at the table: somebody else's chance to write. */
  beforeSave: () => void = () => {};
  /** Says whether the present `raise` fails. */
  raiseFails: () => boolean = () => false;

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
    const fates = changes.map((change) => {
      const fate = this.fates.shift();
      if (fate === undefined) return this.write(change);
      if (fate !== 'saved-but-conflict') return fate;
      // The write arrived, its answer was lost, and the SDK's own second try was refused.
      this.write(change);
      return 'conflict';
    });
    const [only] = changes;
    // A new record that is written alone is put, and a refused put brings along what is there.
    const item =
      only !== undefined &&
      changes.length === 1 &&
      only.before === undefined &&
      fates[0] === 'conflict' &&
      this.items.get(only.after.orderId);
    return item ? [{ found: structuredClone(item) }] : fates;
  }

  async advanceTo(attribute: keyof R & string, values: ReadonlyMap<string, number>): Promise<void> {
    this.raises += 1;
    if (this.raiseFails()) throw new UnavailableError('The note got lost');
    for (const [orderId, value] of values) {
      const item = this.items.get(orderId);
      const kept: unknown = item?.[attribute];
      // A comparison with an attribute that is not there is false, and no comparison creates an item.
      if (item !== undefined && typeof kept === 'number' && kept < value)
        this.items.set(orderId, { ...item, [attribute]: value });
    }
  }

  /** Writes as if the version read were the present one. */
  overwrite(record: R): void {
    this.items.set(record.orderId, {
      ...structuredClone(record),
      version: (this.items.get(record.orderId)?.version ?? 0) + 1,
    });
  }

  private write({ before, after }: RecordChange<R>): SaveResult<R> {
    const item = this.items.get(after.orderId);
    if (item?.version !== before?.version) return 'conflict';
    // Only what differs from what was read is written, as in the real table.
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
