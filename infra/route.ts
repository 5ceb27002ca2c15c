import type { EventContract } from '../contracts/cloud-event.ts';
import { EXPIRY_ATTRIBUTE } from '../lambdas/runtime/tombstone.ts';
import type { AlarmSeverity } from './alarm-severity.ts';
import type { Settings } from './settings.ts';

/** A table and what one consumer may do with it; consumers that name the same `id` share the table. */
export type TableUse = {
  /** The construct's id in the stack, as `tableIdOf` makes it: `logical-ids.json` pins the logical id that follows from it. */
  id: string;
  key: string;
  /** @default none */
  sortKey?: string;
  /** The stack output that names the table. @default none */
  output?: string;
  /** An index over two string attributes; records without the first are not in it. @default none */
  index?: { name: string; key: string; sortKey: string };
  /** The attribute that says, in seconds since 1970, when a record expires. @default records stay */
  expiryAttribute?: string;
  /** The DynamoDB actions that the consumer's code calls. */
  actions: readonly string[];
};

/** What a consumer may do besides using its tables and publishing events. */
export type Permission = 'forward-unwrapped' | 'send-texts';

/** Everything about one consumer that is not code: what it is sent, what it keeps, and what it may do. */
export type Route = {
  /**
   * The events it understands; each reaches its queue from the topic or the bus, wherever the contract says it travels.
   * What travels on the lifecycle feed comes in sequence, through a FIFO queue, which holds nothing else.
   */
  consumes: readonly EventContract[];
  /** The events that it sends, on the bus or as steps on the lifecycle feed; its function may publish no others. @default none */
  publishes?: readonly EventContract[];
  /** What customers lose while it does not work, in a sentence; its alarms print it. */
  impact: string;
  /** How soon somebody must act when it stands still. @default critical */
  severity?: AlarmSeverity;
  /** Its tables, by the environment variable that names each to the function. @default none */
  tables?: (settings: Settings) => Record<string, TableUse>;
  /** @default nothing */
  may?: readonly Permission[];
  /** Secrets that its function may read, by the environment variable that names each: a name or an ARN. @default none */
  secrets?: (settings: Settings) => Record<string, string>;
  /** Further secrets that its function may read, names or ARNs, of which its other variables tell it. @default none */
  furtherSecrets?: (settings: Settings) => readonly string[];
  /** Its records tell customers or numbers apart: its function gets the key of their hashes as `CUSTOMER_HASH_KEY`. @default false */
  hashesCustomers?: true;
  /** Further environment variables of its function. @default none */
  environment?: (settings: Settings) => Record<string, string>;
  /**
   * What it gets instead of what it consumes: events of the bus once for each endpoint, in an envelope, `{"endpoint": "erp", "event": …}`.
   * @default the events that it consumes, bare
   */
  endpoints?: (settings: Settings) => Readonly<Record<string, readonly EventContract[]>>;
  /** The file in its folder that holds the function, without `.ts`. @default handler */
  entry?: (settings: Settings) => string;
  /** What it calls behind a circuit breaker. @default nothing */
  downstream?: string;
  /**
   * Sends it everything that is published on the topic, so that a message nobody understands is dead-lettered, not lost.
   * It may understand nothing that travels elsewhere: it could not tell that from what a publisher of orders made up.
   * @default false
   */
  unfiltered?: true;
};

// What `lambdas/runtime/records.ts` calls: it reads in batches, and writes with PartiQL or puts a single new record.
const RECORD_ACTIONS = ['BatchGetItem', 'PutItem', 'PartiQLInsert', 'PartiQLUpdate'];

/** Describes a table with one record per order, as `lambdas/runtime/records.ts` keeps it. */
export const recordsOf = (name: string, ...furtherActions: string[]): TableUse => ({
  id: `${name}Table`,
  key: 'orderId',
  output: `${name}TableName`,
  actions: [...RECORD_ACTIONS, ...furtherActions],
});

/** Describes the records of a consumer that counts, as `lambdas/runtime/counters.ts` writes them. */
export const countedRecordsOf = (name: string): TableUse => recordsOf(name, 'UpdateItem');

/** Describes a table of counters, one item per `key`, as `lambdas/runtime/counters.ts` adds to them. */
export const countersOf = (name: string, key: string): TableUse => ({
  id: `${name}Table`,
  key,
  output: `${name}TableName`,
  actions: ['UpdateItem'],
});

/** Describes a table in which a cancellation whose order never comes is forgotten after `TOMBSTONE_DAYS`. */
export const withTombstones = (use: TableUse): TableUse => ({ ...use, expiryAttribute: EXPIRY_ATTRIBUTE });
