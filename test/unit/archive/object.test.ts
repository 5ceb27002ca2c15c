import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrivalSpanOf, hourPrefix, readArchiveObject, toArchiveObjects } from '../../../lambdas/archive/object.ts';
import { ARCHIVE_BYTES } from '../../../ops/estimate/usage.ts';
import { archivedMessageAt, archivedOrderEvents } from '../../builders/archived.ts';

const minute = 60_000;

test('the messages of a batch share an object, under the hour and the times of their first and last', () => {
  const messages = [archivedMessageAt(20 * minute), archivedMessageAt(15 * minute), archivedMessageAt(17 * minute)];
  const [object, ...others] = toArchiveObjects(messages);
  expect(others).toEqual([]);
  expect(object?.key).toMatch(/^2026-11-21\/09\/1500\.000-2000\.000-[\da-f]{16}\.ndjson\.gz$/);
  expect(arrivalSpanOf(object?.key ?? '')).toEqual({
    first: '2026-11-21T09:15:00.000Z',
    last: '2026-11-21T09:20:00.000Z',
  });
});

test('messages of different hours are in objects of their own', () => {
  const messages = [-1, 0, 59 * minute, 60 * minute].map((milliseconds) => archivedMessageAt(milliseconds));
  expect(toArchiveObjects(messages).map(({ key }) => key.slice(0, 14))).toEqual([
    '2026-11-21/08/',
    '2026-11-21/09/',
    '2026-11-21/10/',
  ]);
});

test('a batch that is tried again overwrites its objects, in whichever sequence it comes, and no other does', () => {
  const messages = [archivedMessageAt(1), archivedMessageAt(0, 'b'), archivedMessageAt(0, 'a')];
  expect(toArchiveObjects(messages.toReversed())).toEqual(toArchiveObjects(messages));
  const keyOf = (some: typeof messages) => toArchiveObjects(some)[0]?.key;
  expect(keyOf([archivedMessageAt(0, 'a')])).not.toBe(keyOf([archivedMessageAt(0, 'b')]));
});

test('an object has the messages unchanged, oldest first', () => {
  const bodies = [
    '{ "a":\n 1 }',
    '',
    '한국어 😀',
    '\u2028\u0000"\\',
    randomBytes(1_000).toString('base64'),
    '9007199254740993',
  ];
  const messages = bodies.map((body, index) => archivedMessageAt(index, body));
  const [object] = toArchiveObjects(messages.toReversed());
  expect(readArchiveObject(object?.content ?? Buffer.of())).toEqual(messages);
});

test('an object is read with gzip and has a JSON document on each line', () => {
  const [object] = toArchiveObjects([archivedMessageAt(0, '{"a":"\n"}'), archivedMessageAt(1)]);
  const { stdout } = spawnSync('gzip', ['-dc'], { input: object?.content });
  const lines = stdout.toString().split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((line) => JSON.parse(line))).toEqual([archivedMessageAt(0, '{"a":"\n"}'), archivedMessageAt(1)]);
});

test('whatever arrived at or after a time has a key after that hour’s prefix, and keys are in sequence of arrival', () => {
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  const batch = fc.array(time, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 5 }), time, (batches, from) => {
      const objects = batches.flatMap((times) =>
        toArchiveObjects(times.map((one) => ({ time: one.toISOString(), body: '' }))),
      );
      const sorted = objects.toSorted((one, other) => (one.key < other.key ? -1 : 1));
      const spans = sorted.map(({ key }) => arrivalSpanOf(key) ?? { first: '', last: '' });
      expect(spans.map(({ first }) => first)).toEqual(spans.map(({ first }) => first).sort());
      for (const [index, { key, content }] of sorted.entries()) {
        const times = readArchiveObject(content).map((message) => message.time);
        expect(spans[index]).toEqual({ first: times[0], last: times.at(-1) });
        if ((times.at(-1) ?? '') >= from.toISOString()) expect(key > hourPrefix(from.toISOString())).toBe(true);
      }
    }),
  );
});

test.each([
  '',
  '2026-11-21/',
  '2026-11-21/09/notes.txt',
  '2026-11-21/09/1500.000-2000.000-3f2a.ndjson.gz',
  'AWSLogs/x.gz',
])('a key that the archive did not write has no times: "%s"', (key) => {
  expect(arrivalSpanOf(key)).toBeUndefined();
});

test.each([1, 10, 60, 100])(
  'an object of %i events is at most as large as the estimate, and at least half of it',
  (size) => {
    const events = archivedOrderEvents(100).sort((one, other) => (one.time < other.time ? -1 : 1));
    const batches = Array.from({ length: Math.floor(events.length / size) }, (_, n) =>
      events.slice(n * size, (n + 1) * size),
    );
    const bytes = batches.flatMap((messages) => toArchiveObjects(messages)).map(({ content }) => content.length);
    const mean = bytes.reduce((sum, one) => sum + one, 0) / batches.length;
    const estimate = ARCHIVE_BYTES.object + ARCHIVE_BYTES.message * size;
    expect(mean).toBeLessThan(estimate);
    expect(mean).toBeGreaterThan(estimate / 2);
  },
);
