import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { sendReplayed } from '../../../ops/replay/replay.ts';
import type { SelectedEvent } from '../../../ops/replay/select.ts';

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
