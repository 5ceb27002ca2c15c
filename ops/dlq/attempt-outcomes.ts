import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { findQueues } from '../consumers.ts';
import { findFunctions } from '../functions.ts';
import { lazily } from '../lazily.ts';
import { pageReader } from '../logs/read-pages.ts';
import { readLog } from '../orders/log-lines.ts';
import { readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { redact } from './redact.ts';

/** How an attempt at a message ended, as its consumer logged it; why, unless it is done. */
export type AttemptOutcome = { kind: 'done' | 'will be tried again' | 'dead-lettered'; reason: string };

/** What tells how a consumer gets on with messages. */
export type ConsumerSignals = {
  /** Reads how the last attempt at each message ended since a moment, in milliseconds since 1970; by the message's id. */
  readOutcomes(consumer: string, since: number): Promise<ReadonlyMap<string, AttemptOutcome>>;
  /** Tells whether nothing waits in the consumer's queue, and nothing is in flight. */
  isIdle(consumer: string): Promise<boolean>;
};

const outcomeLine = v.object({
  message: v.picklist(['done', 'will be tried again', 'dead-lettered']),
  messageId: v.string(),
  errorType: v.optional(v.string(), ''),
  errorMessage: v.optional(v.string(), ''),
});

// Every line about an attempt has it.
const PHRASE = 'messageId';
// Of up to 10,000 lines: some minutes of a busy consumer.
const MAX_PAGES = 3;

/** Connects to the logs and queues of a shop's consumers. A partner has no log here. */
export function consumerSignals(shop: DeployedShop): ConsumerSignals {
  const sqs = new SQSClient(shop.config);
  const readPages = pageReader(new CloudWatchLogsClient(shop.config), shop.local, PHRASE);
  const functions = lazily(() => findFunctions(shop));
  return {
    async readOutcomes(consumer, since) {
      const group = (await functions()).find(({ name }) => name === consumer)?.logGroup;
      if (group === undefined) return new Map();
      const lines = await readLog(readPages, group, PHRASE, { from: since, until: Date.now() }, MAX_PAGES);
      return outcomesIn(lines.map(({ text }) => text));
    },
    async isIdle(consumer) {
      const [queues] = findQueues(shop.outputs, consumer);
      return queues === undefined || totalMessages(await readQueueDepth(sqs, queues.queueUrl)) === 0;
    },
  };
}

/** Finds the last outcome of each message among log lines, oldest first. */
export function outcomesIn(lines: readonly string[]): ReadonlyMap<string, AttemptOutcome> {
  const outcomes = new Map<string, AttemptOutcome>();
  for (const text of lines) {
    const { success, output } = v.safeParse(outcomeLine, tryParse(text));
    if (!success) continue;
    const { message: kind, messageId, errorType, errorMessage } = output;
    outcomes.set(messageId, { kind, reason: kind === 'done' ? '' : `${errorType}: ${redact(errorMessage)}` });
  }
  return outcomes;
}
