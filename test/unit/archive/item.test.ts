import { expect, test } from 'vitest';
import { archivedMessage, partitionsOf } from '../../../lambdas/archive/item.ts';

const sentAt = new Date('2026-11-21T09:15:23.123Z');

test('a message is kept in one of the partitions of the hour it came in, by its time, as it was', () => {
  const kept = archivedMessage({ messageId: 'm-1', body: '{ "a": 1 }', sentAt }, 30);
  expect(kept).toMatchObject({ at: '2026-11-21T09:15:23.123Z#m-1', body: '{ "a": 1 }' });
  expect(partitionsOf(new Date('2026-11-21T09:59:59Z'))).toContain(kept.hour);
});

test('it is kept for as many days as asked for', () => {
  const { expires } = archivedMessage({ messageId: 'm-1', body: '', sentAt }, 30);
  expect(new Date(expires * 1000).toISOString()).toBe('2026-12-21T09:15:23.000Z');
});

test('the same message delivered again is the same item', () => {
  const once = archivedMessage({ messageId: 'm-1', body: 'x', sentAt }, 30);
  expect(archivedMessage({ messageId: 'm-1', body: 'x', sentAt }, 30)).toEqual(once);
});

test('messages of one moment are spread over partitions', () => {
  const hours = Array.from(
    { length: 100 },
    (_, n) => archivedMessage({ messageId: `m-${n}`, body: '', sentAt }, 1).hour,
  );
  expect(new Set(hours).size).toBe(partitionsOf(sentAt).length);
});
