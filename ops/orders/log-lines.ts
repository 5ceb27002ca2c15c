import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { findFunctions } from '../functions.ts';
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
    const groups = groupNames ?? (await logGroupNames(shop));
    const found = await Promise.all(groups.map((group) => readLog(logs, group, phrase, period)));
    return found.flat().map(({ text }) => text);
  } finally {
    logs.destroy();
  }
}

/** Reads a log group's lines that contain a phrase, oldest first; of `maxPages` pages of a megabyte at most. */
export async function readLog(
  client: CloudWatchLogsClient,
  logGroupName: string,
  phrase: string,
  { from, until }: LogPeriod,
  maxPages = Number.POSITIVE_INFINITY,
): Promise<LogLine[]> {
  // As a phrase: the emulators take a JSON field pattern to match every line.
  const filterPattern = JSON.stringify(phrase);
  const pages = paginateFilterLogEvents(
    { client },
    { logGroupName, filterPattern, startTime: from, endTime: until + 1 },
  );
  const found: LogLine[] = [];
  let page = 0;
  try {
    for await (const { events = [] } of pages) {
      for (const { message = '', timestamp = from } of events) {
        // Several lines written at once may arrive as one event.
        const lines = message.split('\n').filter((line) => line.includes(phrase));
        found.push(...lines.map((text) => ({ time: timestamp, text })));
      }
      page += 1;
      if (page === maxPages) break;
    }
  } catch (error) {
    // Some engines create a function's log group with its first line.
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
  return found;
}

/** Finds the log groups of the stack's functions. */
export const logGroupNames = async (shop: DeployedShop): Promise<string[]> =>
  (await findFunctions(shop)).map(({ logGroup }) => logGroup);
