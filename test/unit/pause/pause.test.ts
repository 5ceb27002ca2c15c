import { describe, expect, test } from 'vitest';
import { formatPaused, formatResumed } from '../../../ops/pause/format.ts';
import { nextPause, type PauseState, pauseInForce } from '../../../ops/pause/pause.ts';

const pause = { by: 'jane', since: '2026-11-27T03:00:00.000Z', reason: 'charges twice' };
const now = new Date('2026-11-27T04:00:00.000Z');
const stateWith = (record: PauseState['pause'], ...states: string[]): PauseState => ({
  consumer: 'payment',
  queueUrl: 'http://q/000/Payment',
  deadLetterQueueUrl: '',
  queueArn: 'arn:aws:sqs:eu-west-1:1:Payment',
  pause: record,
  mappings: states.map((state) => ({ uuid: 'u-1', state, concurrency: 10 })),
});

describe('A pause', () => {
  test('begins now, by whoever asks for it', () => {
    const made = { by: 'kim', reason: 'charges twice', since: now.toISOString() };
    expect(nextPause(stateWith(undefined, 'Enabled'), { by: 'kim', reason: 'charges twice' }, now)).toEqual(made);
    expect(nextPause(stateWith(undefined, 'Disabled'), { by: 'kim', reason: 'charges twice' }, now)).toEqual(made);
  });

  test('stays as it is where it is asked for again for the same reason', () => {
    expect(nextPause(stateWith(pause, 'Disabled'), { by: 'kim', reason: 'charges twice' }, now)).toBe(pause);
  });

  test('takes another reason from whoever gives it, and keeps since when messages wait', () => {
    expect(nextPause(stateWith(pause, 'Disabled'), { by: 'kim', reason: 'bank is down' }, now)).toEqual({
      by: 'kim',
      reason: 'bank is down',
      since: pause.since,
    });
  });

  test.each([['Enabled'], ['Disabling'], ['Updating'], []])(
    'is in force only where no mapping takes a message: not when it is %j',
    (...states) => {
      expect(pauseInForce(stateWith(pause, ...states.filter((state) => state !== undefined)))).toBeUndefined();
    },
  );

  test('begins anew where something enabled the consumer since', () => {
    expect(nextPause(stateWith(pause, 'Enabled'), { by: 'kim', reason: pause.reason }, now).since).toBe(
      now.toISOString(),
    );
  });
});

describe('The answer of pause', () => {
  const depth = { waiting: 12, inFlight: 3, delayed: 0 };

  test('says what waits, what still happens, and how to end it', () => {
    const text = formatPaused('payment', pause, { before: undefined, depth });
    expect(text).toContain('payment is paused by jane since 2026-11-27T03:00:00Z: "charges twice".');
    expect(text).toContain('12 messages wait now, and what comes does too, for 7 days at most.');
    expect(text).toContain('3 are in flight: what is being handled finishes');
    expect(text).toContain('`npm run ops -- resume payment` ends it.');
  });

  test('says of what is paused by whom, since when and why, and that nothing was changed', () => {
    expect(formatPaused('payment', pause, { before: pause, depth })).toBe(
      'payment is already paused by jane since 2026-11-27T03:00:00Z: "charges twice". Nothing was changed.',
    );
  });

  test('says what another reason replaced', () => {
    const next = { ...pause, by: 'kim', reason: 'bank is down' };
    expect(formatPaused('payment', next, { before: pause, depth })).toContain(
      'It was paused by jane since 2026-11-27T03:00:00Z: "charges twice".',
    );
  });
});

describe('The answer of resume', () => {
  const resumed = { consumer: 'payment', changed: true, waiting: 118, messages: 120, estimatedSeconds: 200 };

  test.each([
    [
      {},
      'payment takes messages again. 120 messages wait: done in about 3 min, if each takes as long as in the day before.',
    ],
    [
      { messages: 1, estimatedSeconds: null },
      '1 message waits: how long they take is unknown, because nothing was measured',
    ],
    [{ messages: 0, estimatedSeconds: 0 }, 'payment takes messages again. None waits.'],
    [{ changed: false }, 'payment is not paused. Nothing was changed.'],
  ])('says how long the backlog takes: %j', (parts, text) => {
    expect(formatResumed({ ...resumed, ...parts })).toContain(text);
  });
});
