import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../../lambdas/archive/pack.ts';
import { packed as estimated } from '../../../ops/estimate/archive.ts';
import { eventsOfOrders, keptAt } from '../../builders/archived.ts';

test('messages come out of a pack as they were, oldest first', () => {
  const bodies = ['{ "a":\n 1 }', '', '한국어 😀', '\u2028\u0000"\\', randomBytes(1_000).toString('base64')];
  const messages = bodies.map((body, index) => keptAt(index, body));
  expect(unpack(pack(messages.toReversed()))).toEqual(messages);
});

test('the same messages make the same pack, in whatever sequence they come', () => {
  const messages = [keptAt(1), keptAt(0, 'b'), keptAt(0, 'a')];
  expect(pack(messages.toReversed())).toEqual(pack(messages));
  expect(pack(messages.slice(1))).not.toEqual(pack(messages));
});

test.each([1, 10, 60, 100])('%i events take about as many bytes as the estimate says, and no more', (size) => {
  const events = eventsOfOrders(100).sort((one, other) => (one.time < other.time ? -1 : 1));
  const packs = Array.from({ length: Math.floor(events.length / size) }, (_, n) =>
    events.slice(n * size, (n + 1) * size),
  );
  const mean = packs.reduce((sum, messages) => sum + pack(messages).length, 0) / packs.length;
  const said = estimated.pack + estimated.message * size;
  expect(mean).toBeLessThan(said);
  expect(mean).toBeGreaterThan(said / 2);
});
