import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextBatch } from '../../examples/outbox/batch.ts';

const LIMIT = 262_144;
const bytesOf = (messages: readonly { message: string }[]) =>
  messages.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
const ofBytes = (bytes: number) => ({ message: 'x'.repeat(bytes) });

describe("The outbox relay's next call", () => {
  test('takes ten small messages, and messages of exactly the limit', () => {
    const ten = Array.from({ length: 10 }, () => ofBytes(500));
    expect(nextBatch(ten)).toEqual({ batch: ten, tooLarge: [] });
    expect(nextBatch([ofBytes(LIMIT)])).toEqual({ batch: [ofBytes(LIMIT)], tooLarge: [] });
    expect(nextBatch([ofBytes(LIMIT - 1), ofBytes(1), ofBytes(1)]).batch).toHaveLength(2);
  });

  test('counts bytes and not characters', () => {
    expect(nextBatch([{ message: 'ä'.repeat(LIMIT / 2 + 1) }])).toMatchObject({ batch: [], tooLarge: [{}] });
  });

  test('is never beyond the limit, and call by call every message goes, in its order, or is found too large', () => {
    const sizes = fc.array(fc.oneof(fc.constantFrom(LIMIT, LIMIT + 1), fc.integer({ min: 1, max: 300_000 })), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(sizes, (bytes) => {
        const all = bytes.map(ofBytes);
        const sent: object[] = [];
        const refused: object[] = [];
        for (let waiting = all; waiting.length > 0; ) {
          const { batch, tooLarge } = nextBatch(waiting);
          expect(bytesOf(batch)).toBeLessThanOrEqual(LIMIT);
          expect(batch.length + tooLarge.length).toBeGreaterThan(0);
          sent.push(...batch);
          refused.push(...tooLarge);
          waiting = waiting.filter((one) => !sent.includes(one) && !refused.includes(one));
        }
        expect(sent.every((one, index) => one === all.filter(({ message }) => message.length <= LIMIT)[index])).toBe(
          true,
        );
        expect(sent.length + refused.length).toBe(all.length);
        expect(refused).toEqual(all.filter(({ message }) => message.length > LIMIT));
      }),
    );
  });
});
