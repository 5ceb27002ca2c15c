import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { findFunctions } from '../functions.ts';
import { pageReader, type ReadPages } from '../logs/read-pages.ts';
import type { DeployedShop } from '../stack.ts';

/** In milliseconds since 1970, both ends inclusive. */
export type LogPeriod = { from: number; until: number };

/** A line of a log with the time, in milliseconds since 1970, at which the log got it. */
export type LogLine = { time: number; text: string };

/** Reads the functions' log lines that contain a phrase; of all functions, or of those with these log groups. */
export async function readLogLines(
  shop: DeployedShop,
  phrase: string,
  period: LogPeriod,
  groupNames?: readonly string[],
): Promise<string[]> {
  const logs = new CloudWatchLogsClient(shop.config);
  try {
    const readPages = pageReader(logs, shop.local, phrase);
    const groups = groupNames ?? (await logGroupNames(shop));
    const found = await Promise.all(groups.map((group) => readLog(readPages, group, phrase, period)));
    return found.flat().map(({ text }) => text);
  } finally {
    logs.destroy();
  }
}

/** Reads a log group's lines that contain a phrase, as `readPages` does, oldest first; of `maxPages` pages of a megabyte at most. */
export async function readLog(
  readPages: ReadPages,
  logGroupName: string,
  phrase: string,
  { from, until }: LogPeriod,
  maxPages = Number.POSITIVE_INFINITY,
): Promise<LogLine[]> {
  const found: LogLine[] = [];
  let page = 0;
  for await (const events of readPages(logGroupName, from, until)) {
    for (const { message = '', timestamp = from } of events) {
      // Several lines written at once may arrive as one event.
      const lines = message.split('\n').filter((line) => line.includes(phrase));
      found.push(...lines.map((text) => ({ time: timestamp, text })));
    }
    page += 1;
    if (page === maxPages) break;
  }
  return found;
}

/** Finds the log groups of the stack's functions. */
export const logGroupNames = async (shop: DeployedShop): Promise<string[]> =>
  (await findFunctions(shop)).map(({ logGroup }) => logGroup);
