import { readFileSync } from 'node:fs';

/** What one consumer does for one order. */
export type ConsumerMeasurement = {
  invocations: number;
  messages: number;
  /** The size of a message, in bytes. */
  messageBytes: number;
  /** Calls of AWS by operation: `dynamodb.BatchGetItem`. */
  calls: Readonly<Record<string, number>>;
};

/** How many there are, and the size of one in bytes. */
export type Events = { count: number; bytes: number };

/** What is written to and read from a table for one order, and the size of an item in bytes. */
export type TableMeasurement = { itemBytes: number; writes: number; transactionalWrites: number; reads: number };

/** What one order takes, as it was counted at the endpoint. */
export type Measurement = {
  consumers: Readonly<Record<string, ConsumerMeasurement>>;
  busEvents: Events;
  feedEvents: Events;
  texts: Events;
  tables: Readonly<Record<string, TableMeasurement>>;
  /** Writes to the index of undecided orders. */
  indexWrites: number;
  log: { lines: number; bytes: number };
  /** Different custom metrics, of all orders. */
  metrics: number;
};

/** What was measured at two sizes of batch. */
export type Measurements = { about: string; batches: Readonly<Record<'1' | '10', Measurement>> };

/** Reads what was measured; `npm run test:faults -- calls-per-order -u` measures anew. */
export function measurements(): Measurements {
  return JSON.parse(readFileSync(new URL('calls-per-order.json', import.meta.url), 'utf8')) as Measurements;
}
