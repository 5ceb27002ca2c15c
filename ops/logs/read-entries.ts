import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { ShopFunction } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';
import { concerns, type LogEntry, parseEntries } from './entry.ts';
import { FunctionLog, unreadOf } from './function-log.ts';
import { pageReader } from './read-pages.ts';

export type LogSelection = {
  functions: readonly ShopFunction[];
  since: Date;
  /** Only what is about this order. */
  orderId?: string | undefined;
};

// Beside the console and other commands, which read logs too.
const MAX_ATTEMPTS = 8;
// Within JSON, and within a filter's phrase, these are spelt otherwise.
const ESCAPED = /["\\]/;

/** Builds a reader of what functions log, oldest first; each time it is called it returns what is new. */
export function entryReader(
  shop: Pick<DeployedShop, 'config' | 'local'>,
  { functions, since, orderId }: LogSelection,
): () => AsyncGenerator<LogEntry> {
  const client = new CloudWatchLogsClient({ ...shop.config, maxAttempts: MAX_ATTEMPTS });
  const phrase = orderId === undefined || ESCAPED.test(orderId) ? undefined : orderId;
  const readPages = pageReader(client, shop.local, phrase);
  const logs = functions.map((fn) => new FunctionLog(fn, readPages, since.getTime()));
  const selects = orderId === undefined ? () => true : concerns(orderId);
  return async function* entries() {
    for await (const event of unreadOf(logs)) yield* parseEntries(event).filter(selects);
  };
}
