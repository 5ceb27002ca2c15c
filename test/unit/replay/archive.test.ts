import type { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { type ArchivedMessage, archivedMessage } from '../../../lambdas/archive/item.ts';
import { keptBetween } from '../../../ops/replay/archive.ts';
import type { Shop } from '../../../ops/stack.ts';

const PAGE = 2;

/** A table that answers queries as DynamoDB does, two items a page. */
function table(items: readonly ArchivedMessage[]) {
  const send = async ({ input }: QueryCommand) => {
    const { ':hour': hour, ':from': from, ':until': until } = input.ExpressionAttributeValues ?? {};
    const found = items
      .filter((item) => item.hour === hour && item.at >= from && item.at <= until)
      .filter((item) => item.at > (input.ExclusiveStartKey?.at ?? ''))
      .sort((one, other) => (one.at < other.at ? -1 : 1));
    const Items = found.slice(0, PAGE);
    return { Items, ...(found.length > PAGE ? { LastEvaluatedKey: Items.at(-1) } : {}) };
  };
  return { send } as unknown as Shop['documents'];
}

const at = (minute: number, messageId = `m-${minute}`) =>
  archivedMessage({ messageId, body: messageId, sentAt: new Date(Date.UTC(2026, 10, 21, 9, minute)) }, 30);

async function between(items: readonly ArchivedMessage[], from: string, until: string): Promise<string[]> {
  const found: string[] = [];
  const kept = keptBetween(table(items), 'archive', new Date(`2026-11-21T${from}Z`), new Date(`2026-11-21T${until}Z`));
  for await (const { body } of kept) found.push(body);
  return found;
}

test('what came in is found over hours, partitions and pages, oldest first', async () => {
  const items = Array.from({ length: 150 }, (_, minute) => at(minute));
  const found = await between(items.toReversed(), '09:00', '11:30');
  expect(found).toEqual(items.map(({ body }) => body));
});

test('the first moment counts, and the last does not', async () => {
  expect(await between([at(0), at(1), at(2)], '09:00', '09:02')).toEqual(['m-0', 'm-1']);
});

test('a span inside an hour holds nothing else of that hour', async () => {
  expect(await between([at(0), at(10), at(20)], '09:05', '09:15')).toEqual(['m-10']);
});
