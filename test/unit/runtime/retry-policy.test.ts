import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadlineExceededError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import {
  attemptsWithin,
  backoffSeconds,
  failureActionFor,
  MAX_ATTEMPTS,
  MAX_BACKOFF_SECONDS,
  OUTAGE_HOURS,
} from '../../../lambdas/runtime/retry-policy.ts';

const almostOne = 1 - Number.EPSILON;

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

describe('The maximum number of attempts', () => {
  test('outlasts a day of failures, whatever the jitter', () => {
    expect(OUTAGE_HOURS).toBeGreaterThanOrEqual(24);
    const treatment = failureActionFor(new UnavailableError('down'));
    if (treatment.action !== 'retry') throw new Error('An outage is retried');
    for (let sample = 0; sample < 200; sample += 1) {
      let seconds = 0;
      for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) seconds += backoffSeconds(seconds, treatment);
      expect(seconds).toBeGreaterThan(OUTAGE_HOURS * 3600);
    }
  });

  test('outlasts a day of calls that hang until the deadline', () => {
    const treatment = failureActionFor(new DeadlineExceededError('The invocation ran out of time'));
    if (treatment.action !== 'retry') throw new Error('A timed-out attempt is retried');
    const SECONDS_PER_ATTEMPT = 27;
    let seconds = 0;
    for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1)
      seconds += SECONDS_PER_ATTEMPT + backoffSeconds(seconds, treatment, () => 0.5);
    expect(seconds).toBeGreaterThanOrEqual(OUTAGE_HOURS * 3600);
  });

  test("is lower than the queue's limit, so that a message is dead-lettered with its reason", () => {
    expect(Number.isInteger(MAX_ATTEMPTS)).toBe(true);
    expect(MAX_ATTEMPTS).toBeLessThan(1_000);
  });
});

describe('The number of attempts within a duration', () => {
  test('is zero for no time', () => {
    expect(attemptsWithin(0)).toBe(0);
  });

  test.each([1, 6, 24, 72])('fills %i hours on average and is the smallest number that does', (hours) => {
    const attempts = attemptsWithin(hours);
    const average = (count: number) => {
      let age = 0;
      for (let attempt = 0; attempt < count; attempt += 1) age += backoffSeconds(age, undefined, () => 0.5);
      return age;
    };
    expect(average(attempts)).toBeGreaterThanOrEqual(hours * 3600);
    expect(average(attempts - 1)).toBeLessThan(hours * 3600);
  });

  test('of a day fits twice into the 1000 receives of a queue', () => {
    expect(2 * attemptsWithin(24)).toBeLessThanOrEqual(1_000);
  });
});
