import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { partitionKeysOf, toArchiveParts } from '../../../lambdas/archive/item.ts';
import { unpack } from '../../../lambdas/archive/pack.ts';
import { archivedMessageAt } from '../../builders/archived.ts';

const MAX_ITEM_BYTES = 400 * 1024;
const minute = 60_000;

test('toArchiveParts stores messages together, in a partition of their hour, under the time of the first', () => {
  const messages = [archivedMessageAt(20 * minute), archivedMessageAt(15 * minute), archivedMessageAt(17 * minute)];
  const [item, ...others] = toArchiveParts(messages, 30);
  expect(others).toEqual([]);
  expect(item).toMatchObject({ at: expect.stringMatching(/^2026-11-21T09:15:00\.000Z#[\da-f]{16}#000$/), parts: 1 });
  expect(partitionKeysOf(new Date('2026-11-21T09:59:59Z'))).toContain(item?.hour);
  expect(unpack(item?.packed ?? Buffer.of())).toHaveLength(3);
});

test('an archive item expires the given number of days after its last message', () => {
  const [item] = toArchiveParts([archivedMessageAt(1_000), archivedMessageAt(23_123)], 30);
  expect(new Date((item?.expires ?? 0) * 1000).toISOString()).toBe('2026-12-21T09:00:23.000Z');
});

test('toArchiveParts gives redelivered messages the same key and other messages of that moment another', () => {
  const messages = [archivedMessageAt(0), archivedMessageAt(1)];
  expect(toArchiveParts(messages.toReversed(), 30)).toEqual(toArchiveParts(messages, 30));
  expect(toArchiveParts(messages.slice(0, 1), 30)[0]?.at).not.toBe(toArchiveParts(messages, 30)[0]?.at);
});

test('toArchiveParts splits what exceeds one item into parts in several partitions', () => {
  const body = randomBytes(768 * 1024).toString('base64');
  const parts = toArchiveParts([archivedMessageAt(0, body), archivedMessageAt(1)], 30);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) {
    expect(part.packed.length).toBeLessThan(0.9 * MAX_ITEM_BYTES);
    expect(part.parts).toBe(parts.length);
  }
  expect(new Set(parts.map(({ hour }) => hour)).size).toBe(parts.length);
  expect(unpack(Buffer.concat(parts.map(({ packed }) => packed)))).toEqual([
    archivedMessageAt(0, body),
    archivedMessageAt(1),
  ]);
});

test('toArchiveParts spreads the packs of one hour over its partitions', () => {
  const hours = Array.from({ length: 100 }, (_, n) => toArchiveParts([archivedMessageAt(n)], 1)[0]?.hour);
  expect(new Set(hours)).toEqual(new Set(partitionKeysOf(new Date(archivedMessageAt(0).time))));
});
