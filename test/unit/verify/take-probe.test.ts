import { expect, test } from 'vitest';
import { takeProbe } from '../../../ops/verify/take-probe.ts';
import { deadLetter, deadLetters, FakeQueue } from '../../builders/dead-letters.ts';
import { NONCE, probeBody } from '../../builders/probes.ts';

const OTHER_RUN = '01kb0another0run0000000000';
const letterOf = (id: string, parts: Parameters<typeof probeBody>[0]) =>
  deadLetter({ id, body: probeBody({ expect: 'dead-letter', ...parts }) });
const never = () => false;

test('takes the probe out of the dead letters of the shop, and releases those', async () => {
  const queue = new FakeQueue([...deadLetters(25), letterOf('own', {})]);
  expect((await takeProbe(queue, NONCE, never))?.id).toBe('own');
  expect(queue.remainingIds).toEqual(deadLetters(25).map(({ id }) => id));
  expect(queue.inFlightIds).toEqual([]);
});

test('waits for a probe that comes later', async () => {
  const queue = new FakeQueue([]);
  queue.before = () => {
    if (queue.calls.length === 3) queue.add(letterOf('own', {}));
  };
  expect((await takeProbe(queue, NONCE, never))?.id).toBe('own');
});

test('removes the probes that an earlier run left, and leaves those of a run that still waits', async () => {
  const left = letterOf('left', { nonce: OTHER_RUN, until: 999 });
  const awaited = letterOf('awaited', { nonce: OTHER_RUN, until: 1_001 });
  const queue = new FakeQueue([left, awaited, letterOf('own', {})]);
  await takeProbe(queue, NONCE, never, () => 1_000);
  expect([queue.remainingIds, queue.inFlightIds]).toEqual([['awaited'], []]);
});

test.each([
  ['it is over', () => {}, 'resolves'],
  [
    'a call fails',
    () => {
      throw new Error('AccessDenied');
    },
    'rejects',
  ],
])('releases what it holds when %s', async (_, fail, end) => {
  const queue = new FakeQueue(deadLetters(3));
  let receives = 0;
  queue.before = (call) => {
    if (call === 'receive' && ++receives === 2) fail();
  };
  const taking = takeProbe(queue, NONCE, () => receives >= 2);
  if (end === 'rejects') await expect(taking).rejects.toThrow('AccessDenied');
  else expect(await taking).toBeUndefined();
  expect([queue.remainingIds.length, queue.inFlightIds]).toEqual([3, []]);
});
