import type { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { sqsConsumerQueue } from '../../../lambdas/runtime/queue.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();

const MAX_BYTES_PER_CALL = 1_048_576;

type Command = SendMessageBatchCommand | ChangeMessageVisibilityBatchCommand;

/** Acts as SQS with its limit of 1 MiB for the bodies and attributes of a call. */
function sqs(refused: readonly string[] = []) {
  const calls: Command['input'][] = [];
  const client = {
    async send({ input }: Command) {
      calls.push(input);
      const entries = input.Entries ?? [];
      const bytes = entries.flatMap((entry) =>
        'MessageBody' in entry
          ? [
              entry.MessageBody,
              ...Object.entries(entry.MessageAttributes ?? {}).flatMap(([name, { DataType, StringValue }]) => [
                name,
                DataType,
                StringValue,
              ]),
            ]
          : [],
      );
      if (bytes.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0) > MAX_BYTES_PER_CALL) {
        throw Object.assign(new Error('Batch requests cannot be longer than 1048576 bytes.'), {
          name: 'BatchRequestTooLong',
        });
      }
      return {
        Successful: entries.filter(({ Id }) => !refused.includes(Id ?? '')).map(({ Id }) => ({ Id })),
        Failed: entries.filter(({ Id }) => refused.includes(Id ?? '')).map(({ Id }) => ({ Id, Code: 'InternalError' })),
      };
    },
  };
  const names = { consumer: 'stock', queueUrl: 'the-queue', deadLetterQueueUrl: 'the-dlq' };
  const now = () => new Date('2026-11-21T09:00:00Z');
  return { calls, queue: sqsConsumerQueue(names, client as unknown as SQSClient, now) };
}

const deadLetter = (body: string, messageId: string, errorMessage = 'must be JSON') => ({
  record: sqsRecord(body, { messageId, attempt: 3 }),
  errorType: 'ContractError',
  errorMessage,
});

describe('Dead-lettering', () => {
  test('keeps the body unchanged and adds error type, reason, consumer, time and number of attempts', async () => {
    const { calls, queue } = sqs();
    expect(await queue.deadLetter([deadLetter('{"odd"', 'm-1')])).toEqual(new Set(['m-1']));
    expect(calls).toEqual([
      {
        QueueUrl: 'the-dlq',
        Entries: [
          {
            Id: '0',
            MessageBody: '{"odd"',
            MessageAttributes: {
              errorType: { DataType: 'String', StringValue: 'ContractError' },
              errorMessage: { DataType: 'String', StringValue: 'must be JSON' },
              consumer: { DataType: 'String', StringValue: 'stock' },
              failedAt: { DataType: 'String', StringValue: '2026-11-21T09:00:00.000Z' },
              attempts: { DataType: 'Number', StringValue: '3' },
            },
          },
        ],
      },
    ]);
  });

  test('returns only the messages that SQS accepted, because SQS can refuse entries in a 200 response', async () => {
    const { queue } = sqs(['1']);
    expect(await queue.deadLetter([deadLetter('a', 'm-1'), deadLetter('b', 'm-2'), deadLetter('c', 'm-3')])).toEqual(
      new Set(['m-1', 'm-3']),
    );
  });

  test("keeps the message's own attributes, binary ones too", async () => {
    const { calls, queue } = sqs();
    const { record, ...why } = deadLetter('a', 'm-1');
    const messageAttributes = { bytes: { dataType: 'Binary', binaryValue: 'AQID' } };
    await queue.deadLetter([{ ...why, record: { ...record, messageAttributes } }]);
    expect(calls[0]?.Entries?.[0]).toMatchObject({
      MessageAttributes: { bytes: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 3]) } },
    });
  });

  test("includes the message's own attributes in the size, so that large messages go in separate calls", async () => {
    const { queue } = sqs();
    const { record, ...why } = deadLetter('x'.repeat(400_000), 'm-1');
    const messageAttributes = { originalBody: { dataType: 'String', stringValue: 'y'.repeat(300_000) } };
    const large = (messageId: string) => ({ ...why, record: { ...record, messageId, messageAttributes } });
    expect(await queue.deadLetter([large('m-1'), large('m-2')])).toEqual(new Set(['m-1', 'm-2']));
  });

  test('truncates a long reason', async () => {
    const { calls, queue } = sqs();
    await queue.deadLetter([deadLetter('a', 'm-1', 'x'.repeat(5_000))]);
    expect(
      JSON.stringify(calls)
        .match(/x+/g)
        ?.map(({ length }) => length),
    ).toContain(1_000);
  });

  test('splits two messages that together exceed the call limit', async () => {
    const { queue } = sqs();
    const half = 'x'.repeat(600_000);
    expect(await queue.deadLetter([deadLetter(half, 'm-1'), deadLetter(half, 'm-2')])).toEqual(new Set(['m-1', 'm-2']));
  });

  test('accepts other messages beside one of 1 MiB that has no room for a reason', async () => {
    const { queue } = sqs();
    const arrived = await queue.deadLetter([
      deadLetter('x'.repeat(MAX_BYTES_PER_CALL), 'm-1'),
      deadLetter('small', 'm-2'),
    ]);
    expect(arrived).toContain('m-2');
  });
});

describe('Dead-lettering by size', () => {
  const entriesOf = (call: Command['input']): object[] => call.Entries ?? [];

  test('sends ten small messages in one call', async () => {
    const { calls, queue } = sqs();
    await queue.deadLetter(Array.from({ length: 10 }, (_, index) => deadLetter('small', `m-${index}`)));
    expect(calls.map((call) => entriesOf(call).length)).toEqual([10]);
  });

  test('sends 25 small messages in calls of ten', async () => {
    const { calls, queue } = sqs();
    const deadLetters = Array.from({ length: 25 }, (_, index) => deadLetter('a', `m-${index}`));
    expect((await queue.deadLetter(deadLetters)).size).toBe(25);
    expect(calls.map(({ Entries = [] }) => Entries.length)).toEqual([10, 10, 5]);
  });

  test('splits ten large messages by size, each with its reason', async () => {
    const { calls, queue } = sqs();
    const bodies = Array.from({ length: 10 }, (_, index) =>
      deadLetter('ä'.repeat(131_000), `m-${index}`, 'é'.repeat(2_000)),
    );
    expect((await queue.deadLetter(bodies)).size).toBe(10);
    expect(calls.map((call) => entriesOf(call).length)).toEqual([3, 3, 3, 1]);
    for (const entry of calls.flatMap(entriesOf)) expect(Object.keys(entry)).toContain('MessageAttributes');
  });

  test('sends a message of the maximum size without its reason', async () => {
    const { calls, queue } = sqs();
    const body = 'x'.repeat(MAX_BYTES_PER_CALL);
    expect(await queue.deadLetter([deadLetter(body, 'm-1')])).toEqual(new Set(['m-1']));
    expect(calls.flatMap(entriesOf)).toEqual([{ Id: '0', MessageBody: body }]);
  });

  test('reports what the first call accepted when the second refuses entries', async () => {
    const { queue } = sqs(['0']);
    const half = 'x'.repeat(600_000);
    // Both calls refuse their first entry.
    expect(await queue.deadLetter([deadLetter(half, 'm-1'), deadLetter('s', 'm-2'), deadLetter(half, 'm-3')])).toEqual(
      new Set(['m-2']),
    );
  });

  test('reports what the first call accepted when the second call fails', async () => {
    let calls = 0;
    const client = {
      async send({ input }: SendMessageBatchCommand) {
        calls += 1;
        if (calls === 2) throw new Error('ECONNRESET');
        return { Successful: (input.Entries ?? []).map(({ Id }) => ({ Id })) };
      },
    };
    const names = { consumer: 'stock', queueUrl: 'the-queue', deadLetterQueueUrl: 'the-dlq' };
    const half = 'x'.repeat(600_000);
    const arrived = await sqsConsumerQueue(names, client as unknown as SQSClient).deadLetter([
      deadLetter(half, 'm-1'),
      deadLetter(half, 'm-2'),
    ]);
    expect(arrived).toEqual(new Set(['m-1']));
    expect(log.lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 'ERROR',
        message: 'the dead-letter queue accepted nothing',
        consumer: 'stock',
        errorMessage: 'ECONNRESET',
      },
    ]);
  });
});

describe('Dead-lettering from a FIFO queue', () => {
  const fifo = (messageId: string) => {
    const { record, ...rest } = deadLetter('{}', messageId);
    const attributes = { ...record.attributes, MessageGroupId: 'o-1', MessageDeduplicationId: 'o-1.3' };
    return { ...rest, record: { ...record, attributes } };
  };

  test('keeps the message group, so that a redrive keeps the sequence', async () => {
    const { calls, queue } = sqs();
    await queue.deadLetter([fifo('m-1')]);
    expect(calls[0]?.Entries?.[0]).toMatchObject({ MessageGroupId: 'o-1', MessageDeduplicationId: 'm-1.3' });
  });

  test('does not deduplicate a message that fails again after a redrive', async () => {
    const seen = new Set<string | undefined>();
    const kept: string[] = [];
    const client = {
      // SQS reports success for a duplicate and drops it.
      async send({ input }: SendMessageBatchCommand) {
        for (const { MessageDeduplicationId, MessageBody = '' } of input.Entries ?? []) {
          if (!seen.has(MessageDeduplicationId)) kept.push(MessageBody);
          seen.add(MessageDeduplicationId);
        }
        return { Successful: (input.Entries ?? []).map(({ Id }) => ({ Id })) };
      },
    };
    const names = { consumer: 'shipping', queueUrl: 'the-queue.fifo', deadLetterQueueUrl: 'the-dlq.fifo' };
    const queue = sqsConsumerQueue(names, client as unknown as SQSClient);
    await queue.deadLetter([fifo('m-1')]);
    // An operator redrives it a minute later, and SQS assigns a new message id.
    await queue.deadLetter([fifo('m-2')]);
    expect(kept).toHaveLength(2);
  });
});

describe('Delaying retries', () => {
  test('sets a separate delay for every message in one call', async () => {
    const { calls, queue } = sqs();
    const [one, two] = [sqsRecord('a', { messageId: 'm-1' }), sqsRecord('b', { messageId: 'm-2' })];
    await queue.delayRetry([
      { record: one, seconds: 2 },
      { record: two, seconds: 900 },
    ]);
    expect(calls).toEqual([
      {
        QueueUrl: 'the-queue',
        Entries: [
          { Id: '0', ReceiptHandle: 'receipt of m-1', VisibilityTimeout: 2 },
          { Id: '1', ReceiptHandle: 'receipt of m-2', VisibilityTimeout: 900 },
        ],
      },
    ]);
  });

  test('uses calls of ten messages', async () => {
    const { calls, queue } = sqs();
    const messages = Array.from({ length: 25 }, (_, index) => sqsRecord('a', { messageId: `m-${index}` }));
    await queue.delayRetry(messages.map((record) => ({ record, seconds: 1 })));
    expect(calls.map(({ Entries = [] }) => Entries.length)).toEqual([10, 10, 5]);
  });
});
