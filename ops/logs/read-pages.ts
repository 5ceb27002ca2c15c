import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { pacer } from '../pacer.ts';

/** Reads the events of a log group in a period, both ends inclusive in milliseconds since 1970, oldest first, page by page. */
export type ReadPages = (
  logGroupName: string,
  from: number,
  until?: number,
) => AsyncIterable<readonly FilteredLogEvent[]>;

// CloudWatch Logs answers 5 to 10 such calls a second, by region, for everybody in the account: `ops status` and the console want some too.
const CALLS_PER_SECOND = 4;

/** Builds the reading of log events; of those that contain a phrase, where one is given. On AWS it takes turns with others. */
export function pageReader(client: CloudWatchLogsClient, local: boolean, phrase?: string): ReadPages {
  const pace = pacer(local ? Number.POSITIVE_INFINITY : CALLS_PER_SECOND);
  // As a phrase: the emulators take a JSON field pattern to match every line.
  const filter = phrase === undefined ? {} : { filterPattern: JSON.stringify(phrase) };
  return async function* pages(logGroupName, from, until) {
    const period = { startTime: from, ...(until === undefined ? {} : { endTime: until + 1 }) };
    let token: string | undefined;
    do {
      await pace(1);
      const next = token === undefined ? {} : { nextToken: token };
      const call = client.send(new FilterLogEventsCommand({ logGroupName, ...period, ...filter, ...next }));
      const { events = [], nextToken } = await call.catch(noEvents);
      yield events;
      token = nextToken;
    } while (token !== undefined);
  };
}

/** Some engines create a function's log group with its first line. */
function noEvents(error: unknown): { events: FilteredLogEvent[]; nextToken?: string } {
  if (error instanceof ResourceNotFoundException) return { events: [] };
  throw error;
}
