import { readFileSync } from 'node:fs';

/** Measured work of one consumer per order. */
export type ConsumerMeasurement = {
  invocations: number;
  messages: number;
  messageBytes: number;
  /** AWS calls by operation, for example `dynamodb.BatchGetItem`. */
  calls: Readonly<Record<string, number>>;
};

type EventMeasurement = { count: number; bytes: number };

type TableMeasurement = { itemBytes: number; writes: number; transactionalWrites: number; reads: number };

/** Everything measured per order at one batch size. */
export type Measurement = {
  consumers: Readonly<Record<string, ConsumerMeasurement>>;
  busEvents: EventMeasurement;
  feedEvents: EventMeasurement;
  texts: EventMeasurement;
  tables: Readonly<Record<string, TableMeasurement>>;
  /** Writes to the index of open orders. */
  indexWrites: number;
  log: { lines: number; bytes: number };
  /** Distinct custom metrics, whatever the number of orders. */
  metrics: number;
};

/** Measurements in batches of 1 and of 10. */
export type Measurements = { about: string; batches: Readonly<Record<'1' | '10', Measurement>> };

/** Reads the committed measurements; `npm run test:faults -- calls-per-order -u` measures again. */
export function readMeasurements(): Measurements {
  return JSON.parse(readFileSync(new URL('calls-per-order.json', import.meta.url), 'utf8')) as Measurements;
}
