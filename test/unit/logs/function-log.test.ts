import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, expect, test } from 'vitest';
import { FunctionLog, LATE_BY_MS, unreadOf } from '../../../ops/logs/function-log.ts';

/** A log as CloudWatch keeps it: events become visible whenever a test adds them. */
class FakeLog {
  readonly events: FilteredLogEvent[] = [];
  /** From when on each reading was. */
  readonly readings: number[] = [];
  pageSize = 2;
  failsAfterPages = Number.POSITIVE_INFINITY;
  /** Whether a page that is full says that there are more. */
  hasTokens = true;

  add(timestamp: number, message: string): void {
    this.events.push({ timestamp, message, logStreamName: 'one', eventId: `${timestamp} ${message}` });
  }

  readPages = async function* (this: FakeLog, _group: string, from: number) {
    this.readings.push(from);
    const found = this.events
      .filter(({ timestamp = 0 }) => timestamp >= from)
      .sort((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
    for (let start = 0, page = 0; start === 0 || start < found.length; start += this.pageSize, page += 1) {
      if (page === this.failsAfterPages) throw new Error('Rate exceeded');
      yield found.slice(start, start + this.pageSize);
      if (!this.hasTokens) return;
    }
  }.bind(this);
}

const START = 1_000_000;
let stored: FakeLog;
beforeEach(() => {
  stored = new FakeLog();
});

const logOf = (name: string, log: FakeLog) =>
  new FunctionLog({ name, functionName: name, logGroup: name }, log.readPages, START);

async function textsOf(...logs: FunctionLog[]): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of unreadOf(logs)) texts.push(text);
  return texts;
}

test('All pages are read, from the given time on', async () => {
  for (const nth of [-1, 0, 1, 2, 3, 4]) stored.add(START + nth, `line ${nth}`);
  expect(await textsOf(logOf('payment', stored))).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);
});

test('What was read does not come again, what comes late does', async () => {
  const log = logOf('payment', stored);
  stored.add(START + 100, 'first');
  stored.add(START + 90_000, 'second');
  await textsOf(log);
  stored.add(START + 90_000 - LATE_BY_MS, 'late');
  stored.add(START + 90_001, 'third');
  expect(await textsOf(log)).toEqual(['late', 'third']);
  expect(await textsOf(log)).toEqual([]);
  expect(stored.readings).toEqual([START, START + 90_000 - LATE_BY_MS, START + 90_001 - LATE_BY_MS]);
});

test('A log that was empty is read from the given time on again', async () => {
  const log = logOf('payment', stored);
  expect(await textsOf(log)).toEqual([]);
  stored.add(START, 'first');
  expect(await textsOf(log)).toEqual(['first']);
});

test('Equal lines of one moment are told apart where events have no ids', async () => {
  const log = logOf('payment', stored);
  const add = () => stored.events.push({ timestamp: START, message: 'again', logStreamName: 'one' });
  add();
  add();
  expect(await textsOf(log)).toEqual(['again', 'again']);
  add();
  expect(await textsOf(log)).toEqual(['again']);
});

test('Of a full page without a token the rest is read too', async () => {
  stored.pageSize = 10_000;
  stored.hasTokens = false;
  for (let nth = 0; nth < 10_500; nth += 1) stored.add(START + nth, `line ${nth}`);
  const texts = await textsOf(logOf('payment', stored));
  expect(texts).toHaveLength(10_500);
  expect(new Set(texts).size).toBe(10_500);
});

test('Nothing is lost where a reading fails in the middle', async () => {
  const other = new FakeLog();
  const logs = [logOf('payment', stored), logOf('stock', other)];
  for (const nth of [0, 2, 4, 6]) stored.add(START + nth, `payment ${nth}`);
  for (const nth of [1, 3, 5, 7]) other.add(START + nth, `stock ${nth}`);
  other.failsAfterPages = 1;
  const shown: string[] = [];
  const show = async () => {
    for await (const { text } of unreadOf(logs)) shown.push(text);
  };
  await expect(show()).rejects.toThrow('Rate exceeded');
  other.failsAfterPages = Number.POSITIVE_INFINITY;
  await show();
  expect([...shown].sort()).toEqual([
    ...['payment 0', 'payment 2', 'payment 4', 'payment 6'],
    ...['stock 1', 'stock 3', 'stock 5', 'stock 7'],
  ]);
});

test('Several logs are read as one, oldest first', async () => {
  const other = new FakeLog();
  for (const nth of [0, 3, 4]) stored.add(START + nth, `payment ${nth}`);
  for (const nth of [1, 2, 5]) other.add(START + nth, `stock ${nth}`);
  expect(await textsOf(logOf('payment', stored), logOf('stock', other))).toEqual([
    ...['payment 0', 'stock 1', 'stock 2', 'payment 3', 'payment 4', 'stock 5'],
  ]);
});
