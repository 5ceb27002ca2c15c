import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { ShopFunction } from '../functions.ts';
import type { ReadPages } from './read-pages.ts';

/** What a function wrote: `time` in milliseconds since 1970, when the log got it; `text` may be several lines. */
export type LogEvent = { functionName: string; time: number; text: string };

/** So late an event may come after newer ones: CloudWatch Logs promises no sequence between a function's instances. */
export const LATE_BY_MS = 60_000;
// A page that is full may not be the last one, whatever it says: MiniStack gives no token for the rest.
const FULL_PAGE = 10_000;

/** The log of one function, read again and again; each event comes once, however late it came into the log. */
export class FunctionLog {
  private readonly fn: ShopFunction;
  private readonly readPages: ReadPages;
  private readonly since: number;
  /** Which events were read, by when the log got them. */
  private readonly seen = new Map<string, number>();
  private newest = Number.NEGATIVE_INFINITY;

  /** `since` in milliseconds since 1970. */
  constructor(fn: ShopFunction, readPages: ReadPages, since: number) {
    this.fn = fn;
    this.readPages = readPages;
    this.since = since;
  }

  /** Reads the events that no earlier reading returned. */
  async *unread(): AsyncGenerator<LogEvent> {
    let from = Math.max(this.since, this.newest - LATE_BY_MS);
    for (;;) {
      let page: readonly FilteredLogEvent[] = [];
      const nth = new Map<string, number>();
      for await (page of this.readPages(this.fn.logGroup, from)) {
        for (const event of page) {
          const key = keyOf(event, nth);
          if (this.seen.has(key)) continue;
          const { timestamp: time = from, message: text = '' } = event;
          yield { functionName: this.fn.name, time, text };
          // Not before the reader is through with it: an error in between must not lose it.
          this.seen.set(key, time);
          this.newest = Math.max(this.newest, time);
        }
        this.forget();
      }
      const last = page.at(-1)?.timestamp ?? from;
      if (page.length < FULL_PAGE || last === from) return;
      from = last;
    }
  }

  /** Forgets the events that no later reading returns. */
  private forget(): void {
    const oldest = this.newest - LATE_BY_MS;
    for (const [key, time] of this.seen) {
      if (time >= oldest) return;
      this.seen.delete(key);
    }
  }
}

/** Identifies an event; on engines that give it no id by its content, and the how manieth it is with this content. */
function keyOf({ eventId, logStreamName, timestamp, message }: FilteredLogEvent, nth: Map<string, number>): string {
  if (eventId !== undefined) return eventId;
  const content = `${logStreamName} ${timestamp} ${message}`;
  const count = (nth.get(content) ?? 0) + 1;
  nth.set(content, count);
  return `${count} ${content}`;
}

/** Reads what is new in several logs as one, oldest first, with a page of each in memory. */
export async function* unreadOf(logs: readonly FunctionLog[]): AsyncGenerator<LogEvent> {
  const reading = await Promise.all(logs.map((log) => advance(log.unread())));
  for (;;) {
    const first = reading.reduce<Reading | undefined>(earlier, undefined);
    if (first?.event === undefined) return;
    yield first.event;
    first.event = await nextOf(first.events);
  }
}

type Reading = { events: AsyncGenerator<LogEvent>; event: LogEvent | undefined };

const nextOf = async (events: AsyncGenerator<LogEvent>): Promise<LogEvent | undefined> => {
  const { done, value } = await events.next();
  return done ? undefined : value;
};

const advance = async (events: AsyncGenerator<LogEvent>): Promise<Reading> => ({ events, event: await nextOf(events) });

function earlier(one: Reading | undefined, other: Reading): Reading | undefined {
  if (other.event === undefined) return one;
  return one?.event === undefined || other.event.time < one.event.time ? other : one;
}
