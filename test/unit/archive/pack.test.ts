import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../../lambdas/archive/pack.ts';
import { ARCHIVE_BYTES } from '../../../ops/estimate/usage.ts';
import { archivedMessageAt, archivedOrderEvents } from '../../builders/archived.ts';

test('unpack returns the packed messages unchanged, oldest first', () => {
  const bodies = ['{ "a":\n 1 }', '', '한국어 😀', '\u2028\u0000"\\', randomBytes(1_000).toString('base64')];
  const messages = bodies.map((body, index) => archivedMessageAt(index, body));
  expect(unpack(pack(messages.toReversed()))).toEqual(messages);
});

test("pack is independent of the messages' sequence", () => {
  const messages = [archivedMessageAt(1), archivedMessageAt(0, 'b'), archivedMessageAt(0, 'a')];
  expect(pack(messages.toReversed())).toEqual(pack(messages));
  expect(pack(messages.slice(1))).not.toEqual(pack(messages));
});

test.each([1, 10, 60, 100])(
  'a pack of %i events is at most as large as the estimate, and at least half of it',
  (size) => {
    const events = archivedOrderEvents(100).sort((one, other) => (one.time < other.time ? -1 : 1));
    const packs = Array.from({ length: Math.floor(events.length / size) }, (_, n) =>
      events.slice(n * size, (n + 1) * size),
    );
    const mean = packs.reduce((sum, messages) => sum + pack(messages).length, 0) / packs.length;
    const estimate = ARCHIVE_BYTES.item + ARCHIVE_BYTES.message * size;
    expect(mean).toBeLessThan(estimate);
    expect(mean).toBeGreaterThan(estimate / 2);
  },
);
