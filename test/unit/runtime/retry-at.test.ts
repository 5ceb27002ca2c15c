import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { RetryAtError } from '../../../lambdas/runtime/failure.ts';
import { MAX_RECEIVES, OUTAGE_HOURS, QUEUE_RETENTION_DAYS, retryOf } from '../../../lambdas/runtime/retry-policy.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';

quietLog();

const growth = { firstSeconds: 2, maxSeconds: 900 };
const sent = Date.UTC(2026, 10, 21, 9);
const HOUR_MS = 3_600_000;
const history = { sentAtMs: sent, firstReceivedAtMs: sent, attempts: 1 };
function askedFor(hours: number, now = sent): number | undefined {
  const retry = retryOf(new RetryAtError(new Date(sent + hours * HOUR_MS)), history, growth, now);
  return 'seconds' in retry ? retry.seconds : undefined;
}

describe('A retry at a given time', () => {
  test('is delayed to the exact second', () => {
    expect(askedFor(1)).toBe(3_600);
    expect(askedFor(1.0001)).toBe(3_601);
    expect(askedFor(11)).toBe(39_600);
  });

  test('happens at once when the time has passed', () => {
    expect(askedFor(1, sent + 2 * HOUR_MS)).toBe(1);
  });

  test('is delayed in steps when the time exceeds the maximum visibility timeout, and never comes early', () => {
    const wanted = 5 * 24;
    const steps: number[] = [];
    for (let now = sent; now < sent + wanted * HOUR_MS; now += (steps.at(-1) ?? 0) * 1_000) {
      steps.push(askedFor(wanted, now) ?? 0);
    }
    expect(Math.max(...steps)).toBeLessThan(12 * 3_600);
    expect(steps.reduce((sum, seconds) => sum + seconds, 0)).toBe(wanted * 3_600);
    // Leaves enough attempts for an outage.
    expect(steps.length).toBeLessThan(MAX_RECEIVES / 40);
  });

  test.each([QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS + 1, 24 * 365])(
    'is refused %d hours ahead, because the queue would not keep the message through an outage after that',
    (hours) => {
      expect(askedFor(hours)).toBeUndefined();
      expect(askedFor(QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS)).toBeGreaterThan(0);
    },
  );

  test('is not given up for its age while the time it asks for has not come', () => {
    const hours = QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS;
    expect(askedFor(hours, sent + (hours - 1) * HOUR_MS)).toBe(3_600);
  });

  test('leaves its message most of a day for an outage at that time', () => {
    const begin = QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS;
    let seconds = 0;
    for (let attempts = 13; ; attempts += 1) {
      const now = sent + begin * HOUR_MS + seconds * 1000;
      const retry = retryOf(new Error('down'), { ...history, attempts }, growth, now);
      if ('givenUp' in retry) break;
      seconds += retry.seconds;
    }
    expect(seconds).toBeGreaterThan((OUTAGE_HOURS - 6) * 3600);
    expect(seconds).toBeLessThan(OUTAGE_HOURS * 3600);
  });

  test("does not apply to other failures, which use their policy's backoff", () => {
    expect(retryOf(new Error('down'), history, growth, sent + 10 * HOUR_MS)).toEqual({ seconds: expect.any(Number) });
  });
});

describe('A handler that throws RetryAtError', () => {
  const receive = async (at: Date) => {
    const outside = consumerDependencies();
    const handle = consumer(
      'payment',
      [orderPlaced],
      () => async (all) => all.map(() => ({ published: [], error: { reason: new RetryAtError(at) } })),
      outside,
    );
    const { batchItemFailures } = await handle({ Records: [sqsRecord(placed(), { sentSecondsAgo: 60 })] });
    return { ...outside, kept: batchItemFailures.length };
  };

  test('hides its message until the given time', async () => {
    const { postponed, deadLetters, kept } = await receive(new Date(Date.now() + 2 * HOUR_MS));
    expect(Math.abs((postponed[0]?.seconds ?? 0) - 7_200)).toBeLessThanOrEqual(2);
    expect([deadLetters, kept]).toEqual([[], 1]);
  });

  test('dead-letters its message with the reason when the time is beyond its retention', async () => {
    const { deadLetters, postponed, kept } = await receive(new Date('2999-01-01T00:00:00Z'));
    expect(deadLetters[0]).toMatchObject({
      errorType: 'RetryAtError',
      errorMessage: 'the queue does not keep it that long: To be tried again at 2999-01-01T00:00:00.000Z',
    });
    expect([postponed, kept]).toEqual([[], 0]);
  });
});
