import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { readReplayed } from '../../../lambdas/runtime/replay-envelope.ts';
import { type ReplayOptions, type ReplayProgress, replay, sendReplayed } from '../../../ops/replay/replay.ts';
import type { SelectedEvent } from '../../../ops/replay/select.ts';
import type { DeployedShop } from '../../../ops/stack.ts';
import { ArchiveBucket } from '../../builders/archive-bucket.ts';
import { archivedMessageAt } from '../../builders/archived.ts';
import { placed } from '../../builders/events.ts';

const selected = (identity: string): SelectedEvent => ({
  identity,
  body: `{"id": "${identity}"}`,
  orderId: 'o-1',
  type: 't',
  time: '',
});

function queue(Failed: object[] = []) {
  const entries: NonNullable<SendMessageBatchCommand['input']['Entries']> = [];
  const send = async ({ input }: SendMessageBatchCommand) => {
    entries.push(...(input.Entries ?? []));
    return { Failed };
  };
  return { entries, client: { send } as unknown as SQSClient };
}

test('events are sent unchanged in the envelope of the replay, oldest first', async () => {
  for (const withEffects of [true, false]) {
    const { entries, client } = queue();
    const replayed = { name: 'replay-1', withEffects };
    await sendReplayed(client, { queueUrl: 'q', ...replayed }, [selected('a'), selected('b')]);
    expect(entries.map(({ MessageBody = '' }) => readReplayed(MessageBody))).toEqual([
      { ...replayed, body: '{"id": "a"}' },
      { ...replayed, body: '{"id": "b"}' },
    ]);
    for (const { MessageAttributes } of entries) expect(MessageAttributes).toBeUndefined();
  }
});

test('a partner gets the bare event, with the name of the replay as an attribute', async () => {
  const { entries, client } = queue();
  const destination = { queueUrl: 'q.fifo', name: 'replay-1', withEffects: false, partner: true } as const;
  await sendReplayed(client, destination, [selected('a')]);
  expect(entries).toMatchObject([
    {
      MessageBody: '{"id": "a"}',
      MessageAttributes: { replayed: { DataType: 'String', StringValue: 'replay-1' } },
      MessageGroupId: 'o-1',
    },
  ]);
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

/** Replays twelve orders, a second apart, to a queue that answers with `send`. */
function replayTwelve(send: () => Promise<object>, options: Partial<ReplayOptions> = {}) {
  const bucket = new ArchiveBucket();
  for (let second = 0; second < 12; second += 1) {
    const event = placed({ id: `e-${second}`, orderId: `o-${second}` });
    bucket.add(archivedMessageAt(second * 1_000, JSON.stringify(event)));
  }
  return replay(
    {} as DeployedShop,
    {
      selection: { contracts: [orderPlaced] },
      from: new Date('2026-11-21T08:00:00Z'),
      until: new Date('2026-11-21T09:01:00Z'),
      destination: { queueUrl: 'q', name: 'r', withEffects: false },
      dryRun: false,
      rate: 1_000,
      ...options,
    },
    { archive: bucket.archive(), queue: { send } as unknown as SQSClient },
  );
}

test('a replay that fails has reported how many events were sent, and where to resume', async () => {
  let calls = 0;
  const sendOnce = async () => {
    calls += 1;
    if (calls > 1) throw new Error('The queue is gone');
    return {};
  };
  let progress: ReplayProgress | undefined;
  const onProgress = (latest: ReplayProgress) => {
    progress = latest;
  };
  await expect(replayTwelve(sendOnce, { onProgress })).rejects.toThrow('The queue is gone');
  expect(progress).toEqual({ read: 12, selected: 12, sent: 10, resumeFrom: '2026-11-21T09:00:10.000Z' });
});

test('a replay tells from when until when the archive had anything', async () => {
  const span = { from: new Date('1970-01-01T00:00:00Z'), until: new Date('2099-01-01T00:00:00Z') };
  const before = Date.now();
  const { count, from, until } = await replayTwelve(async () => ({}), { ...span, dryRun: true });
  expect([count, from.toISOString()]).toEqual([12, '2026-11-21T09:00:00.000Z']);
  expect(until.getTime()).toBeGreaterThanOrEqual(before);
  expect(until.getTime()).toBeLessThanOrEqual(Date.now());
});

test('a replay that is interrupted while it waits for its rate ends at once, with what was sent', async () => {
  const interruption = new AbortController();
  let progress: ReplayProgress | undefined;
  const onProgress = (latest: ReplayProgress) => {
    progress = latest;
    if (latest.sent === 10 && latest.selected === 12) interruption.abort();
  };
  // The two that are left would have to wait for hours.
  const slow = { rate: 0.001, signal: interruption.signal, onProgress };
  await expect(replayTwelve(async () => ({}), slow)).rejects.toThrow();
  expect(progress?.sent).toBe(10);
});
