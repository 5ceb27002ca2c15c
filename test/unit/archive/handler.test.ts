import { randomBytes } from 'node:crypto';
import { type BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { beforeEach, expect, test, vi } from 'vitest';
import type { ArchivePart } from '../../../lambdas/archive/item.ts';
import { unpack } from '../../../lambdas/archive/pack.ts';

Object.assign(process.env, { AWS_REGION: 'eu-west-1', TABLE_NAME: 'archive', ARCHIVE_DAYS: '30' });
const { handler } = await import('../../../lambdas/archive/handler.ts');

/** The items in the table, and whether it accepts an item. */
let items: ArchivePart[];
let accepts: (item: ArchivePart) => boolean;

beforeEach(() => {
  items = [];
  accepts = () => true;
  vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(async (command: unknown) => {
    const puts = (command as BatchWriteCommand).input.RequestItems?.archive ?? [];
    expect(puts.length).toBeLessThanOrEqual(25);
    const itemOf = (put: (typeof puts)[number]) => put.PutRequest?.Item as ArchivePart;
    items.push(...puts.map(itemOf).filter(accepts));
    const refused = puts.filter((put) => !accepts(itemOf(put)));
    return refused.length === 0 ? {} : { UnprocessedItems: { archive: refused } };
  });
});

const record = (messageId: string, time: string, body = messageId) =>
  ({ messageId, body, attributes: { SentTimestamp: String(Date.parse(time)) } }) as SQSEvent['Records'][number];
const hours = Array.from({ length: 60 }, (_, n) => new Date(Date.UTC(2026, 10, 21, n, 30)).toISOString());

test('the archive stores a thousand messages of one hour in one item', async () => {
  const Records = Array.from({ length: 1_000 }, (_, n) => record(`m-${n}`, `2026-11-21T09:15:00.${n % 1_000}Z`));
  expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
  expect(items).toHaveLength(1);
  expect(unpack(items[0]?.packed ?? Buffer.of())).toHaveLength(1_000);
});

test('the archive stores messages of different hours under their own hour', async () => {
  await handler({ Records: hours.map((time, n) => record(`m-${n}`, time)) });
  expect(items.map(({ hour }) => hour.slice(0, 13))).toEqual(hours.map((time) => time.slice(0, 13)));
});

test('the archive returns only the messages of items that the table did not accept', async () => {
  accepts = ({ hour }) => !hour.startsWith('2026-11-21T10');
  const times = ['2026-11-21T09:59:59Z', '2026-11-21T10:00:00Z', '2026-11-21T10:00:01Z', '2026-11-21T11:00:00Z'];
  const answer = await handler({ Records: times.map((time, n) => record(`m-${n}`, time)) });
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-1' }, { itemIdentifier: 'm-2' }] });
});

test('the archive returns all messages of an item when the table did not accept one of its parts', async () => {
  accepts = ({ at }) => !at.endsWith('#001');
  const huge = randomBytes(500 * 1024).toString('base64');
  const Records = [record('m-0', '2026-11-21T09:00:00Z', huge), record('m-1', '2026-11-21T09:00:01Z')];
  const { batchItemFailures } = await handler({ Records });
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['m-0', 'm-1']);
});
