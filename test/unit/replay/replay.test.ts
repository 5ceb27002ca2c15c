import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { toArchiveParts } from '../../../lambdas/archive/item.ts';
import { type ReplayProgress, replay, sendReplayed } from '../../../ops/replay/replay.ts';
import type { SelectedEvent } from '../../../ops/replay/select.ts';
import type { DeployedShop } from '../../../ops/stack.ts';
import { archivedMessageAt } from '../../builders/archived.ts';
import { placed } from '../../builders/events.ts';

const selected = (id: string): SelectedEvent => ({ id, body: `{"id": "${id}"}`, orderId: 'o-1', type: 't', time: '' });

function queue(Failed: object[] = []) {
  const entries: NonNullable<SendMessageBatchCommand['input']['Entries']> = [];
  const send = async ({ input }: SendMessageBatchCommand) => {
    entries.push(...(input.Entries ?? []));
    return { Failed };
  };
  return { entries, client: { send } as unknown as SQSClient };
}

const text = (StringValue: string) => ({ DataType: 'String', StringValue });

test('events are sent unchanged, marked with the replay’s name, and without permission for effects', async () => {
  const { entries, client } = queue();
  await sendReplayed(client, { queueUrl: 'q', name: 'replay-1', withEffects: false }, [selected('a'), selected('b')]);
  expect(entries).toEqual([
    { Id: '0', MessageBody: '{"id": "a"}', MessageAttributes: { replayed: text('replay-1') } },
    { Id: '1', MessageBody: '{"id": "b"}', MessageAttributes: { replayed: text('replay-1') } },
  ]);
});

test('permission for effects is an attribute of each message', async () => {
  const { entries, client } = queue();
  await sendReplayed(client, { queueUrl: 'q', name: 'replay-1', withEffects: true }, [selected('a')]);
  expect(entries[0]?.MessageAttributes).toEqual({ replayed: text('replay-1'), withEffects: text('true') });
});

test('a FIFO queue gets events grouped by order, and accepts each event once per replay', async () => {
  const { entries, client } = queue();
  for (const name of ['replay-1', 'replay-1', 'replay-2']) {
    await sendReplayed(client, { queueUrl: 'q.fifo', name, withEffects: false }, [selected('a')]);
  }
  const ids = entries.map(({ MessageDeduplicationId }) => MessageDeduplicationId);
  expect(entries.map(({ MessageGroupId }) => MessageGroupId)).toEqual(['o-1', 'o-1', 'o-1']);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});

test('an entry that fails inside a 200 response is an error', async () => {
  const { client } = queue([{ Id: '0', Code: 'InvalidMessageContents', Message: 'odd', SenderFault: true }]);
  await expect(sendReplayed(client, { queueUrl: 'q', name: 'r', withEffects: false }, [selected('a')])).rejects.toThrow(
    'The queue refused an event: InvalidMessageContents odd',
  );
});

test('a replay that fails has reported how many events were sent, and where to resume', async () => {
  const archived = Array.from({ length: 12 }, (_, second) =>
    archivedMessageAt(second * 1_000, JSON.stringify(placed({ id: `e-${second}`, orderId: 'o-1' }))),
  );
  const items = toArchiveParts(archived, 30);
  const query = async ({ input }: QueryCommand) => ({
    Items: items.filter(({ hour }) => hour === input.ExpressionAttributeValues?.[':hour']),
  });
  let calls = 0;
  const sendOnce = async () => {
    calls += 1;
    if (calls > 1) throw new Error('The queue is gone');
    return {};
  };
  let progress: ReplayProgress | undefined;
  const shop = { output: () => 'archive', documents: { send: query }, config: {} } as unknown as DeployedShop;
  const replaying = replay(
    shop,
    {
      selection: { contracts: [orderPlaced] },
      from: new Date('2026-11-21T09:00:00Z'),
      until: new Date('2026-11-21T09:01:00Z'),
      destination: { queueUrl: 'q', name: 'r', withEffects: false },
      dryRun: false,
      rate: 1_000,
      onProgress: (latest) => {
        progress = latest;
      },
    },
    { send: sendOnce } as unknown as SQSClient,
  );
  await expect(replaying).rejects.toThrow('The queue is gone');
  expect(progress).toEqual({ sent: 10, resumeFrom: '2026-11-21T09:00:10.000Z' });
});
