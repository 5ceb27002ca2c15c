import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { partitionKeysOf, toArchiveParts } from '../../../lambdas/archive/item.ts';
import { unpack } from '../../../lambdas/archive/pack.ts';
import { keptAt } from '../../builders/archived.ts';

const MOST_BYTES = 400 * 1024;
const minute = 60_000;

test('messages are kept together, in a partition of the hour they came in, by the time of the first', () => {
  const messages = [keptAt(20 * minute), keptAt(15 * minute), keptAt(17 * minute)];
  const [item, ...others] = toArchiveParts(messages, 30);
  expect(others).toEqual([]);
  expect(item).toMatchObject({ at: expect.stringMatching(/^2026-11-21T09:15:00\.000Z#[\da-f]{16}#000$/), parts: 1 });
  expect(partitionKeysOf(new Date('2026-11-21T09:59:59Z'))).toContain(item?.hour);
  expect(unpack(item?.packed ?? Buffer.of())).toHaveLength(3);
});

test('they are kept for as many days as asked for, the last one too', () => {
  const [item] = toArchiveParts([keptAt(1_000), keptAt(23_123)], 30);
  expect(new Date((item?.expires ?? 0) * 1000).toISOString()).toBe('2026-12-21T09:00:23.000Z');
});

test('the same messages tried again are the same item, and others of that moment are another', () => {
  const messages = [keptAt(0), keptAt(1)];
  expect(toArchiveParts(messages.toReversed(), 30)).toEqual(toArchiveParts(messages, 30));
  expect(toArchiveParts(messages.slice(0, 1), 30)[0]?.at).not.toBe(toArchiveParts(messages, 30)[0]?.at);
});

test('what one item cannot hold is kept in parts, in several partitions', () => {
  const body = randomBytes(768 * 1024).toString('base64');
  const parts = toArchiveParts([keptAt(0, body), keptAt(1)], 30);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) {
    expect(part.packed.length).toBeLessThan(0.9 * MOST_BYTES);
    expect(part.parts).toBe(parts.length);
  }
  expect(new Set(parts.map(({ hour }) => hour)).size).toBe(parts.length);
  expect(unpack(Buffer.concat(parts.map(({ packed }) => packed)))).toEqual([keptAt(0, body), keptAt(1)]);
});

test('packs of one hour are spread over its partitions', () => {
  const hours = Array.from({ length: 100 }, (_, n) => toArchiveParts([keptAt(n)], 1)[0]?.hour);
  expect(new Set(hours)).toEqual(new Set(partitionKeysOf(new Date(keptAt(0).time))));
});
