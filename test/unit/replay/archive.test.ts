import { randomBytes } from 'node:crypto';
import type { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { partitionKeysOf, toArchiveParts } from '../../../lambdas/archive/item.ts';
import type { ArchivedMessage } from '../../../lambdas/archive/pack.ts';
import { readArchive } from '../../../ops/replay/archive.ts';
import type { DeployedShop } from '../../../ops/stack.ts';
import { archivedMessageAt } from '../../builders/archived.ts';

const PAGE = 2;
const minutes = (...all: number[]) => all.map((minute) => archivedMessageAt(minute * 60_000, `m-${minute}`));
const pack = (...messages: ArchivedMessage[]) => toArchiveParts(messages, 30);

type Item = { hour: string; at: string };

/** A table that answers queries as DynamoDB does, two items a page. */
function table(items: readonly Item[]) {
  const send = async ({ input }: QueryCommand) => {
    const { ':hour': hour, ':until': until } = input.ExpressionAttributeValues ?? {};
    const found = items
      .filter((item) => item.hour === hour && item.at < until)
      .filter((item) => item.at > (input.ExclusiveStartKey?.at ?? ''))
      .sort((one, other) => (one.at < other.at ? -1 : 1));
    const Items = found.slice(0, PAGE);
    return { Items, ...(found.length > PAGE ? { LastEvaluatedKey: Items.at(-1) } : {}) };
  };
  return { send } as unknown as DeployedShop['documents'];
}

async function between(items: readonly Item[], from: string, until: string): Promise<string[]> {
  const found: string[] = [];
  const kept = readArchive(table(items), 'archive', new Date(`2026-11-21T${from}Z`), new Date(`2026-11-21T${until}Z`));
  for await (const { body } of kept) found.push(body);
  return found;
}

test('what came in is found over hours, partitions and pages, oldest first', async () => {
  const messages = minutes(...Array.from({ length: 150 }, (_, minute) => minute));
  const items = messages.toReversed().flatMap((message) => pack(message));
  expect(await between(items, '09:00', '11:30')).toEqual(messages.map(({ body }) => body));
});

test('packs whose times overlap are put in sequence', async () => {
  const items = [...pack(...minutes(0, 3, 9)), ...pack(...minutes(1, 2, 5)), ...pack(...minutes(4, 10))];
  const found = await between(items, '09:00', '10:00');
  expect(found).toEqual(['m-0', 'm-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-9', 'm-10']);
});

test('the first moment counts, and the last does not, in one pack or several', async () => {
  expect(await between(pack(...minutes(0, 1, 2)), '09:00', '09:02')).toEqual(['m-0', 'm-1']);
  expect(
    await between(
      minutes(0, 1, 2).flatMap((one) => pack(one)),
      '09:00',
      '09:02',
    ),
  ).toEqual(['m-0', 'm-1']);
});

test('a span inside an hour holds what a pack that began before it has of it, and nothing else', async () => {
  const items = [...pack(...minutes(0, 10, 20)), ...pack(...minutes(12)), ...pack(...minutes(30))];
  expect(await between(items, '09:05', '09:15')).toEqual(['m-10', 'm-12']);
});

test('what was kept twice comes once', async () => {
  const items = [...pack(...minutes(0, 1, 2)), ...pack(...minutes(1, 3)), ...pack(...minutes(1))];
  expect(await between(items, '09:00', '09:10')).toEqual(['m-0', 'm-1', 'm-2', 'm-3']);
});

test('a message too large for one item is found', async () => {
  const huge = archivedMessageAt(60_000, randomBytes(768 * 1024).toString('base64'));
  const items = [...pack(...minutes(0), huge), ...pack(...minutes(2))];
  expect(items.length).toBeGreaterThan(3);
  expect(await between(items, '09:00', '09:10')).toEqual(['m-0', huge.body, 'm-2']);
});

test('a pack that was not taken whole counts for nothing', async () => {
  const huge = archivedMessageAt(60_000, randomBytes(768 * 1024).toString('base64'));
  const parts = pack(...minutes(0), huge);
  for (const missing of parts) {
    const items = [...parts.filter((part) => part !== missing), ...pack(...minutes(0)), ...pack(...minutes(2))];
    expect(await between(items, '09:00', '09:10')).toEqual(['m-0', 'm-2']);
  }
});

test('messages that an earlier version kept one by one are found among the packs', async () => {
  const single = ({ time, body }: ArchivedMessage) => ({
    hour: partitionKeysOf(new Date(time))[3] ?? '',
    at: `${time}#${body}`,
    body,
  });
  const items = [...minutes(1, 3).map(single), ...pack(...minutes(0, 2, 4))];
  expect(await between(items, '09:00', '09:04')).toEqual(['m-0', 'm-1', 'm-2', 'm-3']);
});
