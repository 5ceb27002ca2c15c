import { expect, test } from 'vitest';
import { formatPauses } from '../../../ops/deploy/pauses.ts';

const pause = { by: 'jane', since: '2026-11-27T03:00:00.000Z', reason: 'charges twice' };

test.each([
  [[], []],
  [
    [{ consumer: 'payment', pause }],
    ['  payment is paused by jane since 2026-11-27T03:00:00Z: "charges twice", and stays so'],
  ],
  [undefined, ['  what is paused stays paused; which consumers are could not be read']],
])('The plan of a deployment names what is paused: %j', (pauses, lines) => {
  expect(formatPauses(pauses)).toEqual(lines);
});
