import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../../lambdas/runtime/message-size.ts';
import {
  type ParkedLetter,
  readParkedLetter,
  toReturningMessage,
  writeParkedLetter,
} from '../../../lambdas/sweep/parked-letter.ts';
import { parkedLetter } from '../../builders/parked-letters.ts';

const ten = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [
    `a${index}`,
    index === 0
      ? { DataType: 'Binary.raw', BinaryValue: Uint8Array.of(0, 255, 16) }
      : { DataType: 'String', StringValue: `value ${index} “✓”` },
  ]),
);
const withBody = (body: string): ParkedLetter => parkedLetter({ letter: { body, attributes: ten, system: {} } });
const rewritten = (letter: ParkedLetter) => readParkedLetter(writeParkedLetter(letter) ?? '');

describe('A parked letter', () => {
  test('is read as it was written: body, ten attributes, a binary one among them, and all that is known of it', () => {
    const letter = parkedLetter({
      note: 'waits for the\n"new" gateway',
      link: 'https://example.com/t/1',
      partner: true,
      attempts: 680,
      letter: {
        body: '\uFEFF{"a":1.0, "a":9007199254740993}\n',
        attributes: ten,
        system: {
          SentTimestamp: '1000',
          MessageGroupId: 'o-1',
          AWSTraceHeader: 'Root=1-5;Lineage=1',
          SequenceNumber: '18',
        },
      },
    });
    expect(rewritten(letter)).toEqual({
      ...letter,
      letter: {
        ...letter.letter,
        attributes: { ...ten, a0: { DataType: 'Binary.raw', BinaryValue: Buffer.of(0, 255, 16) } },
      },
    });
  });

  test('is readable JSON, with the reason beside it', () => {
    const text = writeParkedLetter(parkedLetter({ reason: 'data.total: is missing' })) ?? '';
    expect(JSON.parse(text)).toMatchObject({ owner: 'ana', reason: 'data.total: is missing', letter: { body: '{}' } });
  });

  test('is compressed where it would not fit into a message, and read all the same', () => {
    const letter = withBody('"'.repeat(MAX_MESSAGE_BYTES - 1_000));
    const text = writeParkedLetter(letter) ?? '';
    expect(Buffer.byteLength(text)).toBeLessThan(10_000);
    expect(rewritten(letter)?.letter.body).toBe(letter.letter.body);
  });

  test('is not written where it does not fit even so', () => {
    expect(writeParkedLetter(withBody(randomBytes(MAX_MESSAGE_BYTES / 2).toString('hex')))).toBeDefined();
    expect(writeParkedLetter(withBody(randomBytes((MAX_MESSAGE_BYTES / 4) * 3).toString('base64')))).toBeUndefined();
  });

  test.each(['', '{}', '[]', 'null', '{"owner":"ana"}', '"parked"'])('is not found in another body: %s', (body) => {
    expect(readParkedLetter(body)).toBeUndefined();
  });

  test('is not found where its compressed part is none', () => {
    const { letter: _, ...note } = parkedLetter();
    expect(readParkedLetter(JSON.stringify({ ...note, compressedLetter: 'AAAA' }))).toBeUndefined();
  });
});

describe('A letter that goes back', () => {
  test('has its body, attributes, group and trace header unchanged', () => {
    const system = { MessageGroupId: 'o-1', AWSTraceHeader: 'Root=1-5;Lineage=1' };
    expect(toReturningMessage(parkedLetter({ letter: { body: 'b', attributes: ten, system } }))).toEqual({
      body: 'b',
      attributes: ten,
      groupId: 'o-1',
      traceHeader: 'Root=1-5;Lineage=1',
    });
  });

  test('tells its reason by attributes where only SQS knew it, as far as there is room', () => {
    const system = { DeadLetterQueueSourceArn: 'arn:aws:sqs:q' };
    const why = { errorType: 'ReceivedTooOften', reason: 'the function died', failedAt: '2026-11-21T09:00:00.000Z' };
    const moved = (attributes: ParkedLetter['letter']['attributes']) =>
      toReturningMessage(parkedLetter({ ...why, letter: { body: '{}', attributes, system } })).attributes;
    expect(moved({})).toMatchObject({
      errorType: { StringValue: 'ReceivedTooOften' },
      consumer: { StringValue: 'payment' },
      failedAt: { StringValue: why.failedAt },
    });
    expect(moved(ten)).toEqual(ten);
  });
});
