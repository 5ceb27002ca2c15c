import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as v from 'valibot';
import { tryParse } from '../contracts/parse.ts';
import { MAX_BACKOFF_SECONDS } from '../lambdas/runtime/retry-policy.ts';
import { toUserMessage } from './errors.ts';
import {
  ENDED_PHRASES,
  ERROR_PHRASE,
  type FunctionFailure,
  newestFailure,
  parseFunctionFailure,
} from './function-failures.ts';
import type { ShopFunction } from './functions.ts';
import { pageReader } from './logs/read-pages.ts';
import { type LogLine, readLog } from './orders/log-lines.ts';
import type { DeployedShop } from './stack.ts';

/** What the log of a function tells about what is not done. */
export type LogFindings = {
  /** When the first of its messages in flight is tried again, as far as is known, in ISO 8601. */
  nextTryAt: string | null;
  /** When the oldest of them was sent, in ISO 8601. @default none announced a next try */
  waitingSince?: string;
  /** Why it fails as a whole. */
  failure: FunctionFailure | null;
  /** Why the log could not be read, so that the above is unknown. */
  logError?: string;
};

export const NOTHING_FOUND: LogFindings = { nextTryAt: null, failure: null };

// A batch may have taken a while before it announced the longest backoff.
const PERIOD_MS = (MAX_BACKOFF_SECONDS + 30) * 1_000;
// A page has up to 10,000 lines. Of a larger backlog the next try is seconds away.
const MAX_PAGES = 3;
// AWS takes five such calls a second in an account; several functions are read at once.
const MAX_ATTEMPTS = 8;

const announcement = v.object({
  message: v.literal('will be tried again'),
  time: v.pipe(v.string(), v.isoTimestamp()),
  retryInSeconds: v.number(),
});

/**
 * Returns when the first attempt begins that is still to come; `null` where none is known. Attempts announce the next one; what a function
 * received when it failed as a whole is received again after the visibility timeout, given in seconds.
 */
export function nextTry(lines: readonly LogLine[], now: Date, visibilitySeconds: number): string | null {
  const due = lines.flatMap((line) => {
    const { success, output } = v.safeParse(announcement, tryParse(line.text));
    if (success) return [Date.parse(output.time) + output.retryInSeconds * 1_000];
    const failure = parseFunctionFailure(line);
    return failure === undefined ? [] : [Date.parse(failure.time) + visibilitySeconds * 1_000];
  });
  const first = Math.min(...due.filter((time) => time > now.getTime()));
  return Number.isFinite(first) ? new Date(first).toISOString() : null;
}

// What is due now may be under way, and a line may come late.
const DUE_MS = 30_000;

const failedAttempt = v.object({
  message: v.picklist(['will be tried again', 'dead-lettered']),
  time: v.pipe(v.string(), v.isoTimestamp()),
  messageId: v.string(),
  waitedMs: v.number(),
  tookMs: v.number(),
  retryInSeconds: v.optional(v.number(), 0),
});

/** Returns when the oldest message was sent whose next attempt is still to come, in ISO 8601; `undefined` where there is none. */
export function waitingSince(lines: readonly LogLine[], now: Date): string | undefined {
  const latest = new Map<string, v.InferOutput<typeof failedAttempt>>();
  for (const { text } of lines) {
    const { success, output } = v.safeParse(failedAttempt, tryParse(text));
    if (success) latest.set(output.messageId, output);
  }
  const sent = [...latest.values()].flatMap(({ message, time, waitedMs, tookMs, retryInSeconds }) => {
    const endedAt = Date.parse(time);
    const waits = message === 'will be tried again' && endedAt + retryInSeconds * 1_000 > now.getTime() - DUE_MS;
    return waits ? [endedAt - tookMs - waitedMs] : [];
  });
  return sent.length === 0 ? undefined : new Date(Math.min(...sent)).toISOString();
}

/** What is known of a function beside its log: whether Lambda counted errors of it, and its queue's visibility timeout in seconds. */
export type KnownOfFunction = { died: boolean; visibilitySeconds: number };

/** Returns a function that reads a function's log, for what is not done; it never throws. */
export function functionLogReader(shop: DeployedShop) {
  const client = new CloudWatchLogsClient({ ...shop.config, maxAttempts: MAX_ATTEMPTS });
  return async (
    fn: Pick<ShopFunction, 'logGroup'> | undefined,
    now: Date,
    known: KnownOfFunction = { died: false, visibilitySeconds: 0 },
  ): Promise<LogFindings> => {
    if (fn === undefined) return NOTHING_FOUND;
    const until = now.getTime();
    const read: ReadPhrase = (phrase, from = until - PERIOD_MS) =>
      readLog(pageReader(client, shop.local, phrase), fn.logGroup, phrase, { from, until }, MAX_PAGES);
    try {
      const lines = await read(ERROR_PHRASE);
      const since = waitingSince(lines, now);
      return {
        nextTryAt: nextTry(lines, now, known.visibilitySeconds),
        ...(since === undefined ? {} : { waitingSince: since }),
        failure: (await findFailure(lines, read, known.died)) ?? null,
      };
    } catch (error) {
      return { ...NOTHING_FOUND, logError: toUserMessage(error) };
    }
  };
}

/** Reads the lines with a phrase, from a time on in milliseconds since 1970. */
type ReadPhrase = (phrase: string, from?: number) => Promise<LogLine[]>;

async function findFailure(
  lines: readonly LogLine[],
  read: ReadPhrase,
  died: boolean,
): Promise<FunctionFailure | undefined> {
  const failure = newestFailure(lines);
  if (failure?.cannotStart) {
    // Whatever a function says afterwards it says because it was started.
    const started = await read('INFO', Date.parse(failure.time) + 1);
    return started.length === 0 ? failure : undefined;
  }
  if (!died) return undefined;
  return failure ?? newestFailure((await Promise.all(ENDED_PHRASES.map((phrase) => read(phrase)))).flat().sort(byTime));
}

const byTime = (one: LogLine, other: LogLine) => one.time - other.time;
