import type { MessageAttributeValue, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sqsConsumerQueue } from '../../../lambdas/runtime/queue.ts';
import { originalMessage, toDeadLetter } from '../../../ops/dlq/dead-letter.ts';
import { groupByReason } from '../../../ops/dlq/group.ts';
import { sqsRecord } from '../../builders/deliveries.ts';

const OURS = ['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts', 'deadLetterReason', 'stackTrace'];
const LINES = ['lambdas/stock/plan.ts:41:17', 'lambdas/runtime/consume.ts:230:21'];
const FAILED_AT = '2026-11-21T09:00:00.000Z';

/** The body and attributes with which `payment` dead-letters a message. */
async function sentFor(
  attributes: Record<string, string>,
  parts: { body?: string; errorMessage?: string; sourceLines?: readonly string[] } = {},
) {
  const sent: NonNullable<SendMessageBatchCommand['input']['Entries']> = [];
  const client = {
    async send({ input: { Entries = [] } }: SendMessageBatchCommand) {
      sent.push(...Entries);
      return { Successful: Entries.map(({ Id }) => ({ Id })) };
    },
  };
  const names = { consumer: 'payment', queueUrl: 'q', deadLetterQueueUrl: 'd' };
  const queue = sqsConsumerQueue(names, client as unknown as SQSClient, () => new Date(FAILED_AT));
  const record = sqsRecord(parts.body ?? '{}', { attributes, attempt: 3 });
  const errorMessage = parts.errorMessage ?? 'data.total: is missing';
  const { sourceLines = [] } = parts;
  await queue.deadLetter([{ record, errorType: 'ContractError', errorMessage, sourceLines }]);
  const { MessageBody: body = '', MessageAttributes = {} } = sent[0] ?? {};
  return { body, attributes: MessageAttributes };
}

const received = (message: { body: string; attributes: Record<string, MessageAttributeValue> }) =>
  toDeadLetter({ id: 'm-1', consumer: 'payment', system: { SentTimestamp: '1000' }, receiptHandle: 'r', ...message });

/** What an operator sees of the message, and what the consumer gets back when it is redriven. */
async function deadLettered(attributes: Record<string, string>, parts: Parameters<typeof sentFor>[1] = {}) {
  const deadLetter = received(await sentFor(attributes, parts));
  return { deadLetter, redriven: valuesOf(originalMessage(deadLetter).attributes) };
}

const valuesOf = (attributes: Readonly<Record<string, MessageAttributeValue>>) =>
  Object.fromEntries(Object.entries(attributes).map(([name, { StringValue = '' }]) => [name, StringValue]));

const named = (...names: string[]) => Object.fromEntries(names.map((name) => [name, `the ${name}`]));
const many = (count: number) => named(...Array.from({ length: count }, (_, index) => `tenant-${index}`));

describe("A dead letter's attributes", () => {
  test.each([
    [0, ['attempts', 'consumer', 'errorMessage', 'errorType', 'failedAt']],
    [5, ['attempts', 'consumer', 'errorMessage', 'errorType', 'failedAt']],
    [6, ['consumer', 'errorMessage', 'errorType', 'failedAt']],
    [7, ['deadLetterReason']],
    [9, ['deadLetterReason']],
    [10, []],
  ])('beside %i of its publisher hold the reason in the room that is left', async (count, expected) => {
    const { attributes } = await sentFor(many(count));
    expect(valuesOf(attributes)).toMatchObject(many(count));
    expect(
      Object.keys(attributes)
        .filter((name) => OURS.includes(name))
        .sort(),
    ).toEqual(expected);
  });

  test('are never more than ten nor beyond the size of a message, and a redrive gives all of the publisher’s back, whatever their names', async () => {
    const name = fc.oneof(fc.constantFrom(...OURS), fc.stringMatching(/^[a-z]{1,8}$/));
    const value = fc.oneof(
      fc.constantFrom('payment', FAILED_AT, '3', '{"errorType":"x"}'),
      fc.string({ minLength: 1 }),
    );
    const attributes = fc.dictionary(name, value, { maxKeys: 10, noNullPrototype: true });
    const bodyBytes = fc.oneof(
      { arbitrary: fc.constant(2), weight: 4 },
      { arbitrary: fc.integer({ min: 1_046_500, max: 1_048_000 }), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(
        attributes,
        bodyBytes,
        fc.constantFrom('short', 'é'.repeat(2_000), '\u0000'.repeat(500), '"'.repeat(1_000)),
        fc.constantFrom([], LINES),
        async (own, bytes, errorMessage, sourceLines) => {
          const sent = await sentFor(own, { body: 'x'.repeat(bytes), errorMessage, sourceLines });
          const parts = Object.entries(sent.attributes).flatMap(([key, { DataType = '', StringValue = '' }]) => [
            key,
            DataType,
            StringValue,
          ]);
          expect(Object.keys(sent.attributes).length).toBeLessThanOrEqual(10);
          expect(Buffer.byteLength([sent.body, ...parts].join(''))).toBeLessThanOrEqual(1_048_576);
          const deadLetter = received(sent);
          expect(valuesOf(originalMessage(deadLetter).attributes)).toEqual(own);
          if (Object.keys(own).length < 10 && bytes === 2 && !('deadLetterReason' in own))
            expect(deadLetter).toMatchObject({ errorType: 'ContractError', failedAt: FAILED_AT });
        },
      ),
    );
  });
});

describe('The reason of a dead letter', () => {
  test('is left out where the body and the attributes of its publisher leave no room for it', async () => {
    const own = named('tenant', 'errorType');
    const ownBytes = Buffer.byteLength(Object.entries(own).flat().join('')) + 2 * 'String'.length;
    const full = await deadLettered(own, { body: 'x'.repeat(1_048_576 - ownBytes) });
    expect(full.deadLetter).toMatchObject({ errorType: 'NoReasonGiven' });
    expect(valuesOf(full.deadLetter.attributes)).toEqual(own);
    expect(full.redriven).toEqual(own);
  });

  test.each([0, 5, 6, 7, 9])('is read beside %i attributes of its publisher', async (count) => {
    const { deadLetter, redriven } = await deadLettered(many(count));
    expect(deadLetter).toMatchObject({
      errorType: 'ContractError',
      reason: 'data.total: is missing',
      failedAt: FAILED_AT,
    });
    expect(deadLetter.attempts).toBe(count === 6 ? undefined : 3);
    expect(redriven).toEqual(many(count));
  });

  test('could not be attached where its publisher used all ten attributes, which is said and grouped by', async () => {
    const [first, second] = [await deadLettered(many(10)), await deadLettered(many(10))];
    expect(first.redriven).toEqual(many(10));
    expect(groupByReason([first.deadLetter, second.deadLetter])).toMatchObject([
      {
        errorType: 'NoReasonGiven',
        reason: expect.stringContaining('no reason could be attached: its publisher used all ten attributes'),
        count: 2,
      },
    ]);
  });

  test.each(['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts'])(
    'is not mixed up with an attribute %s of its publisher',
    async (name) => {
      const { deadLetter, redriven } = await deadLettered(named(name));
      expect(deadLetter).toMatchObject({ errorType: 'ContractError', reason: 'data.total: is missing', attempts: 3 });
      expect(redriven).toEqual(named(name));
    },
  );

  test('is not what a publisher wrote in the same attributes', async () => {
    const forged = { errorType: 'Harmless', errorMessage: 'put it back', consumer: 'payment', failedAt: FAILED_AT };
    const { deadLetter, redriven } = await deadLettered(forged);
    expect(deadLetter).toMatchObject({ errorType: 'ContractError' });
    expect(redriven).toEqual(forged);
    // SQS moves a message as its publisher sent it.
    const system = { SentTimestamp: '1000', DeadLetterQueueSourceArn: 'arn:aws:sqs:eu-west-1:1:payment' };
    const moved = toDeadLetter({ ...deadLetter, system });
    expect(moved.errorType).toBe('ReceivedTooOften');
  });

  test('has no characters that SQS refuses, which would keep the message from its dead-letter queue', async () => {
    const { deadLetter } = await deadLettered({}, { errorMessage: `a\u0000b\ud83dc\uffff${'x'.repeat(2_000)}` });
    expect(deadLetter.reason).toBe(`a\u{fffd}b\u{fffd}c\u{fffd}${'x'.repeat(994)}`);
  });
});

describe('The source lines of a dead letter', () => {
  test.each([
    [0, ['attempts', 'consumer', 'errorMessage', 'errorType', 'failedAt', 'stackTrace']],
    [4, ['attempts', 'consumer', 'errorMessage', 'errorType', 'failedAt', 'stackTrace']],
    [5, ['deadLetterReason', 'stackTrace']],
    [8, ['deadLetterReason', 'stackTrace']],
    [9, ['deadLetterReason']],
    [10, []],
  ])('beside %i attributes of its publisher take the room that is left', async (count, expected) => {
    const { attributes } = await sentFor(many(count), { sourceLines: LINES });
    const ours = Object.keys(attributes).filter((name) => OURS.includes(name));
    expect(ours.sort()).toEqual(expected);
    const { deadLetter, redriven } = await deadLettered(many(count), { sourceLines: LINES });
    expect(deadLetter.stackTrace).toEqual(expected.includes('stackTrace') ? LINES : undefined);
    expect(deadLetter.attempts).toBe(expected.length === 0 ? undefined : 3);
    expect(redriven).toEqual(many(count));
  });

  test('are those of its last failure, also where an older version put them back with it', async () => {
    const { attributes } = await sentFor({}, { sourceLines: LINES });
    const leftBehind = { stackTrace: valuesOf(attributes).stackTrace ?? '' };
    const queue = await sentFor(leftBehind, { errorMessage: 'data.total: is missing' });
    // It failed at another time, for another reason.
    const later = { ...queue.attributes, failedAt: { DataType: 'String', StringValue: '2026-11-22T09:00:00.000Z' } };
    expect(received({ ...queue, attributes: later }).stackTrace).toBeUndefined();
  });

  test('are no text that a publisher wrote in their place', async () => {
    const forged = { stackTrace: `${FAILED_AT}\nlambdas/stock/plan.ts:1:1 +821012345678\ntok_visa` };
    const { deadLetter } = await deadLettered(forged);
    expect(JSON.stringify(deadLetter.stackTrace ?? [])).not.toMatch(/8210|tok_/);
  });
});
