import { EventBridgeClient, type PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DynamoDBDocumentClient, type QueryCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { traceIdOf } from '../../../contracts/traceparent.ts';
import { deadlineShards, openShards, unremindedShards, untilShards } from '../../../lambdas/order/open-orders.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();

Object.assign(process.env, {
  AWS_REGION: 'eu-west-1',
  EVENT_BUS_NAME: 'the-bus',
  TABLE_NAME: 'orders',
  OPEN_ORDERS_INDEX: 'open-orders',
  ORDER_DEADLINE_SECONDS: String(48 * 3600),
  REMINDER_SECONDS: '0',
});
const { handler } = await import('../../../lambdas/sweep/handler.ts');

type Entries = NonNullable<PutEventsCommand['input']['Entries']>;

/** The pages of each shard of the index, and whether the bus accepts an event. */
let pages: Record<string, string[][]>;
let accepts: (orderId: string) => boolean;
let queries: QueryCommand['input'][];
let published: { Detail: string; DetailType: string; EventBusName: string; Source: string }[];

beforeEach(() => {
  pages = {};
  accepts = () => true;
  queries = [];
  published = [];
  vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    const { input } = command as QueryCommand;
    queries.push(input);
    const page = Number(input.ExclusiveStartKey?.page ?? 0);
    const all = pages[input.ExpressionAttributeValues?.[':part']] ?? [[]];
    const Items = (all[page] ?? []).map((orderId) => ({ orderId }));
    return { Items, ...(page + 1 < all.length ? { LastEvaluatedKey: { page: page + 1 } } : {}) };
  });
  vi.spyOn(EventBridgeClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    const { input } = command as PutEventsCommand;
    const entries: Entries = input.Entries ?? [];
    expect(entries.length).toBeLessThanOrEqual(10);
    return {
      Entries: entries.map((entry) => {
        if (!accepts(JSON.parse(entry.Detail ?? '').subject)) return { ErrorCode: 'ThrottlingException' };
        published.push(entry as (typeof published)[number]);
        return { EventId: 'e' };
      }),
    };
  });
});

const hoursBefore = (moment: number, time: unknown) =>
  Math.round((moment - new Date(String(time)).getTime()) / 360_000) / 10;

describe('The sweep', () => {
  test('queries every shard of the index for orders past the deadline or their own, and reads no order', async () => {
    const started = Date.now();
    expect(await handler()).toEqual({ found: 0, reminded: 0 });
    expect(queries.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues?.[':part'])).toEqual(openShards);
    for (const { TableName, IndexName, KeyConditionExpression, ExpressionAttributeValues } of queries) {
      expect([TableName, IndexName]).toEqual(['orders', 'open-orders']);
      expect(KeyConditionExpression).toBe('#open = :part AND openSince BETWEEN :since AND :until');
      // A message can name the year 1 as the moment until which its payment is awaited.
      expect(ExpressionAttributeValues?.[':since']).toBe('0001-01-01T00:00:00.000Z');
      const isDeadline = deadlineShards.includes(ExpressionAttributeValues?.[':part']);
      expect(hoursBefore(started, ExpressionAttributeValues?.[':until'])).toBeCloseTo(isDeadline ? 48 : 0, 1);
    }
    expect(published).toEqual([]);
  });

  test('publishes order.deadline-passed for each order, with the same id on every run', async () => {
    pages = { [openShards[3] ?? '']: [['o-1', 'o-2']] };
    expect(await handler()).toEqual({ found: 2, reminded: 0 });
    expect(await handler()).toEqual({ found: 2, reminded: 0 });
    const events = published.map(({ Detail }) => parseEvent(Detail, catalog));
    expect(events.map(({ id, type, source, subject, data }) => [id, type, source, subject, data])).toEqual(
      ['o-1', 'o-2', 'o-1', 'o-2'].map((orderId) => [
        `${orderId}.deadline-passed`,
        'shop.order.deadline-passed.v1',
        '/shop/sweep',
        orderId,
        { orderId },
      ]),
    );
    // The sweep knows no publisher's trace, so it uses the one derived from the order id.
    expect(events[0]?.traceparent).toContain(`-${traceIdOf(undefined, 'o-1')}-`);
    expect(published[0]).toMatchObject({
      EventBusName: 'the-bus',
      Source: '/shop/sweep',
      DetailType: 'shop.order.deadline-passed.v1',
    });
  });

  test('publishes order.deadline-passed for an order whose payment was awaited until now', async () => {
    pages = { [untilShards[5] ?? '']: [['#1029']] };
    expect(await handler()).toEqual({ found: 1, reminded: 0 });
    expect(published.map(({ Detail }) => JSON.parse(Detail))).toMatchObject([
      { id: '#1029.deadline-passed', subject: '#1029', data: { orderId: '#1029' } },
    ]);
  });

  test('reads all pages of all shards', async () => {
    const ids = (part: number, page: number) => Array.from({ length: 13 }, (_, index) => `o-${part}-${page}-${index}`);
    pages = Object.fromEntries(openShards.map((part, index) => [part, [ids(index, 0), [], ids(index, 2)]]));
    expect(await handler()).toEqual({ found: openShards.length * 26, reminded: 0 });
    expect(new Set(published.map(({ Detail }) => JSON.parse(Detail).subject)).size).toBe(openShards.length * 26);
  });

  test('fails when the bus refuses an event, after publishing the rest of the page', async () => {
    pages = { [openShards[0] ?? '']: [['o-1', 'o-2', 'o-3']] };
    accepts = (orderId) => orderId !== 'o-2';
    await expect(handler()).rejects.toThrow('The bus refused shop.order.deadline-passed.v1');
    expect(published.map(({ Detail }) => JSON.parse(Detail).subject)).toEqual(['o-1', 'o-3']);
  });

  test('logs how many orders it found', async () => {
    pages = { [openShards[0] ?? '']: [['o-1']] };
    await handler();
    expect(log.lines.map((line) => JSON.parse(line).message)).toEqual([
      'found 1 orders past their deadline and 0 to be reminded of',
    ]);
  });
});

describe('The sweep with reminders after six hours', () => {
  let remindingSweep: typeof handler;

  beforeEach(async () => {
    vi.resetModules();
    vi.stubEnv('REMINDER_SECONDS', String(6 * 3600));
    remindingSweep = (await import('../../../lambdas/sweep/handler.ts')).handler;
    vi.unstubAllEnvs();
  });

  test('also queries the unreminded shards between six hours and the deadline', async () => {
    const started = Date.now();
    await remindingSweep();
    const reminders = queries
      .slice(openShards.length)
      .map(({ ExpressionAttributeValues }) => ExpressionAttributeValues);
    expect(reminders.map((values) => values?.[':part'])).toEqual(unremindedShards);
    for (const values of reminders) {
      expect([hoursBefore(started, values?.[':since']), hoursBefore(started, values?.[':until'])]).toEqual([48, 6]);
    }
  });

  test('publishes order.reminder-due for each order', async () => {
    vi.mocked(DynamoDBDocumentClient.prototype.send).mockImplementation(async (command: unknown) => {
      const { ExpressionAttributeValues: values } = (command as QueryCommand).input;
      const isReminder = hoursBefore(Date.now(), values?.[':until']) === 6;
      return { Items: isReminder && values?.[':part'] === unremindedShards[2] ? [{ orderId: 'o-1' }] : [] };
    });
    expect(await remindingSweep()).toEqual({ found: 0, reminded: 1 });
    const [event] = published.map(({ Detail }) => parseEvent(Detail, catalog));
    expect(event).toMatchObject({
      id: 'o-1.reminder-due',
      type: 'shop.order.reminder-due.v1',
      source: '/shop/sweep',
      data: { orderId: 'o-1' },
    });
  });
});
