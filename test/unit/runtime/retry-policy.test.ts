import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BusyError,
  DeadlineExceededError,
  OneOrderError,
  UnavailableError,
  WaitingError,
} from '../../../lambdas/runtime/failure.ts';
import {
  backoffSeconds,
  failureActionFor,
  GIVE_UP_HOURS,
  MAX_BACKOFF_SECONDS,
  MAX_RECEIVES,
  type MessageHistory,
  OUTAGE_HOURS,
  QUEUE_RETENTION_DAYS,
  type Retry,
  retryOf,
} from '../../../lambdas/runtime/retry-policy.ts';

const almostOne = 1 - Number.EPSILON;
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 10, 21, 9);

describe('Backoff', () => {
  test.each([
    [0, 2],
    [4, 2],
    [16, 2],
    [40, 5],
    [1_000, 125],
    [7_200, 900],
    [7_201, 900],
    [86_400, 900],
    [1_209_600, 900],
  ])('delays a message that is %i seconds old by 1 to %i seconds', (age, most) => {
    expect(backoffSeconds(age, undefined, () => 0)).toBe(1);
    expect(backoffSeconds(age, undefined, () => almostOne)).toBe(most);
  });

  test('is a whole number of seconds that SQS accepts, also with a clock that runs behind', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1_000, max: 2_000_000, noNaN: true }),
        fc.double({ min: 0, max: almostOne, noNaN: true }),
        (age, random) => {
          const seconds = backoffSeconds(age, undefined, () => random);
          expect(Number.isInteger(seconds)).toBe(true);
          expect(seconds).toBeGreaterThanOrEqual(1);
          expect(seconds).toBeLessThanOrEqual(MAX_BACKOFF_SECONDS);
        },
      ),
    );
  });

  test('has jitter over its whole span, so that messages do not return together', () => {
    const waits = new Set(
      Array.from({ length: 100 }, (_, index) => backoffSeconds(2_048, undefined, () => index / 100)),
    );
    expect(waits.size).toBeGreaterThan(90);
    expect(new Set(Array.from({ length: 50 }, () => backoffSeconds(3_600))).size).toBeGreaterThan(10);
  });

  test('grows exponentially, because each wait adds to the age', () => {
    const ages = [0];
    for (let attempt = 0; attempt < 60; attempt += 1) {
      const age = ages.at(-1) ?? 0;
      ages.push(age + backoffSeconds(age, undefined, () => almostOne));
    }
    expect(ages.slice(0, 5)).toEqual([0, 2, 4, 6, 8]);
    for (const [index, age] of ages.entries()) {
      const before = ages[index - 1] ?? 0;
      if (before > 100 && age < 7_200) expect(age / before).toBeCloseTo(1.125, 1);
    }
  });

  test("is at most an eighth of an outage's duration", () => {
    for (const outage of [16, 64, 640]) expect(backoffSeconds(outage, undefined, () => almostOne)).toBe(outage / 8);
  });
});

describe('Backoff with its own growth', () => {
  test.each([
    [0, 1],
    [2, 1],
    [80, 10],
    [240, 30],
    [86_400, 30],
  ])('from 1 to 30 seconds delays a message that is %i seconds old by 1 to %i seconds', (age, most) => {
    const growth = { firstSeconds: 1, maxSeconds: 30 };
    expect(backoffSeconds(age, growth, () => 0)).toBe(1);
    expect(backoffSeconds(age, growth, () => almostOne)).toBe(most);
  });

  test('stays constant when first and maximum are equal', () => {
    const growth = { firstSeconds: 7, maxSeconds: 7 };
    for (const age of [0, 10, 5_000]) expect(backoffSeconds(age, growth, () => almostOne)).toBe(7);
  });
});

/** Decides on a failure of a message that was sent and first received so many hours ago. */
function retryAfter(
  error: Error,
  { sent, tried = sent, attempts = 700 }: { sent: number; tried?: number; attempts?: number },
): Retry {
  const action = failureActionFor(error);
  if (action.action !== 'retry') throw new Error(`${error.name} is retried`);
  const history: MessageHistory = {
    sentAtMs: NOW - sent * HOUR_MS,
    firstReceivedAtMs: NOW - tried * HOUR_MS,
    attempts,
  };
  return retryOf(error, history, action, NOW);
}

/** Retries until the policy gives the message up; `takesSeconds`: how long each attempt lasts. */
function retryForEver(error: Error, takesSeconds: number): { attempts: number; hours: number } {
  let seconds = 0;
  for (let attempts = 1; ; attempts += 1) {
    seconds += takesSeconds;
    const retry = retryAfter(error, { sent: seconds / 3600, attempts });
    if ('givenUp' in retry) return { attempts, hours: seconds / 3600 };
    seconds += retry.seconds;
  }
}

const retried = [
  new UnavailableError('down'),
  new OneOrderError('a 500'),
  new BusyError('busy'),
  new WaitingError('processing'),
  new DeadlineExceededError('late'),
  new Error('?'),
];

describe('A message that keeps failing', () => {
  test('is given up by its age: after more than two outages of a day, and well before its queue forgets it', () => {
    expect(OUTAGE_HOURS).toBeGreaterThanOrEqual(24);
    expect(GIVE_UP_HOURS).toBeGreaterThan(2 * OUTAGE_HOURS);
    expect(GIVE_UP_HOURS).toBeLessThan((QUEUE_RETENTION_DAYS - 1) * 24);
  });

  test.each(retried)('with %s is tried for three days, whatever the jitter, and SQS never moves it before', (error) => {
    for (const takesSeconds of [0, 27, 180]) {
      for (let sample = 0; sample < 100; sample += 1) {
        const { attempts, hours } = retryForEver(error, takesSeconds);
        expect(hours).toBeGreaterThanOrEqual(GIVE_UP_HOURS);
        expect(hours).toBeLessThan(GIVE_UP_HOURS + 0.5);
        // Room for receives that no attempt came of.
        expect(attempts).toBeLessThan(0.9 * MAX_RECEIVES);
      }
    }
  });

  test.each(retried)('with %s is given up at the first failure after three days, and its reason says so', (error) => {
    expect(retryAfter(error, { sent: GIVE_UP_HOURS - 0.01 })).toHaveProperty('seconds');
    expect(retryAfter(error, { sent: GIVE_UP_HOURS })).toEqual({ givenUp: 'given up after 3 days' });
  });

  test('is not given up for having waited in a queue that nobody read, before or after its first attempt', () => {
    expect(retryAfter(new UnavailableError('down'), { sent: 120, tried: 0 })).toHaveProperty('seconds');
    expect(retryAfter(new UnavailableError('down'), { sent: 120, tried: 71 })).toHaveProperty('seconds');
    expect(retryAfter(new UnavailableError('down'), { sent: 120, tried: 119, attempts: 3 })).toHaveProperty('seconds');
  });

  test('is given up an hour before its queue forgets it, however little it was tried', () => {
    const oldest = QUEUE_RETENTION_DAYS * 24 - 1;
    const few = { tried: 30, attempts: 2 };
    expect(retryAfter(new BusyError('busy'), { sent: oldest - 0.01, ...few })).toHaveProperty('seconds');
    expect(retryAfter(new BusyError('busy'), { sent: oldest, ...few })).toEqual({
      givenUp: 'given up after 30 hours',
    });
  });
});

describe('Contention', () => {
  const most = (error: Error, hours: { sent: number; tried?: number }) =>
    Math.max(
      ...Array.from({ length: 400 }, () => {
        const retry = retryAfter(error, hours);
        return 'seconds' in retry ? retry.seconds : 0;
      }),
    );

  test('is over within seconds: the message comes back within 30 seconds during its first ten minutes', () => {
    for (const minutes of [0, 1, 4, 9.9])
      expect(most(new BusyError('busy'), { sent: minutes / 60 })).toBeLessThanOrEqual(30);
  });

  test('that lasts longer is an outage', () => {
    expect(most(new BusyError('busy'), { sent: 10 / 60 })).toBeGreaterThan(60);
    expect(most(new BusyError('busy'), { sent: 24 })).toBeGreaterThan(600);
  });

  test('of a message that waited in a backlog is over within seconds too', () => {
    expect(most(new BusyError('busy'), { sent: 5, tried: 0.1 })).toBeLessThanOrEqual(30);
  });

  test('is not what a bank that takes days is: its message backs off like an outage from the beginning', () => {
    expect(failureActionFor(new WaitingError('processing'))).toEqual(failureActionFor(new UnavailableError('down')));
  });
});
