import type { OrderRecord, RecordStore } from './records.ts';

/** A record as one invocation knows it; `undefined` is a record that changed since it was read. */
type CachedRecord = { record: OrderRecord | undefined; unverified: boolean };

/** The records that one invocation knows, by order id; each invocation passes a new one to all its rounds. */
export type InvocationCache = Map<string, CachedRecord>;

// Some megabytes at most; an order's next event usually follows within seconds.
const MAX_RECORDS = 1_000;

/** Keeps the records that this process wrote last, so that an order's next event needs no read. */
export class ProcessCache<R extends OrderRecord> {
  private readonly records = new Map<string, R>();

  get(orderId: string): R | undefined {
    return this.records.get(orderId);
  }

  set(record: R): void {
    // A map iterates in insertion order, so the first key is the record that was written longest ago.
    this.records.delete(record.orderId);
    this.records.set(record.orderId, record);
    const [oldest] = this.records.keys();
    if (this.records.size > MAX_RECORDS && oldest !== undefined) this.records.delete(oldest);
  }
}

/**
 * Knows the records of a round's orders. A record from the process cache is unverified: another process may have changed it.
 * A write that is based on it is safe, because the table refuses it where it is outdated; any other decision needs a read.
 */
export class KnownRecords<R extends OrderRecord> {
  private readonly store: RecordStore<R>;
  private readonly invocation: InvocationCache;
  private readonly process: ProcessCache<R> | undefined;

  constructor(store: RecordStore<R>, invocation: InvocationCache, process: ProcessCache<R> | undefined) {
    this.store = store;
    this.invocation = invocation;
    this.process = process;
  }

  get(orderId: string): R | undefined {
    // An invocation is one consumer's, whose records all have this type.
    return this.invocation.get(orderId)?.record as R | undefined;
  }

  isUnverified(orderId: string): boolean {
    return this.invocation.get(orderId)?.unverified === true;
  }

  /** Reads what the round needs and no cache has; `isFirst` marks orders that are usually new and are tried without a read. */
  async prepare(orders: readonly { orderId: string; isFirst: boolean }[]): Promise<void> {
    const missing: string[] = [];
    for (const { orderId, isFirst } of orders) {
      const cached = this.invocation.get(orderId);
      if (cached !== undefined) {
        if (cached.record === undefined) missing.push(orderId);
        continue;
      }
      if (isFirst) continue;
      const record = this.process?.get(orderId);
      if (record === undefined) missing.push(orderId);
      else this.invocation.set(orderId, { record, unverified: true });
    }
    await this.reload(missing);
  }

  /** Reads records from the table, consistently. */
  async reload(orderIds: readonly string[]): Promise<void> {
    if (orderIds.length === 0) return;
    for (const orderId of orderIds) {
      if (this.isUnverified(orderId)) this.invocation.delete(orderId);
    }
    for (const record of (await this.store.load(orderIds)).values()) this.learn(record);
  }

  /** Keeps a record as the table has it. */
  learn(record: R): void {
    this.invocation.set(record.orderId, { record, unverified: false });
  }

  /** Keeps a record that was just written. */
  written(record: R): void {
    this.learn(record);
    this.process?.set(record);
  }

  /** Marks a record as changed, so that the next round reads it again. */
  expire(orderId: string): void {
    this.invocation.set(orderId, { record: undefined, unverified: false });
  }
}
