import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../../contracts/order.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { RetryAtError } from '../../../lambdas/runtime/failure.ts';
import {
  MAX_ATTEMPTS,
  OUTAGE_HOURS,
  QUEUE_RETENTION_DAYS,
  retryDelaySeconds,
} from '../../../lambdas/runtime/retry-policy.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { placed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';

quietLog();

const growth = { firstSeconds: 2, maxSeconds: 900 };
const sent = Date.UTC(2026, 10, 21, 9);
const HOUR_MS = 3_600_000;
const askedFor = (hours: number, now = sent) =>
  retryDelaySeconds(new RetryAtError(new Date(sent + hours * HOUR_MS)), sent, growth, now);

describe('A try at a given time', () => {
  test('comes then, to the second', () => {
    expect(askedFor(1)).toBe(3_600);
    expect(askedFor(1.0001)).toBe(3_601);
    expect(askedFor(11)).toBe(39_600);
  });

  test('comes at once where the time has passed already', () => {
    expect(askedFor(1, sent + 2 * HOUR_MS)).toBe(1);
  });

  test('comes in steps where it is further away than SQS hides a message, none longer than it does, and never too early', () => {
    const wanted = 5 * 24;
    const steps: number[] = [];
    for (let now = sent; now < sent + wanted * HOUR_MS; now += (steps.at(-1) ?? 0) * 1_000) {
      steps.push(askedFor(wanted, now) ?? 0);
    }
    expect(Math.max(...steps)).toBeLessThan(12 * 3_600);
    expect(steps.reduce((sum, seconds) => sum + seconds, 0)).toBe(wanted * 3_600);
    // Few enough to leave an outage its tries.
    expect(steps.length).toBeLessThan(MAX_ATTEMPTS / 40);
  });

  test.each([QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS + 1, 24 * 365])(
    'is not promised for %d hours later: the queue would not keep the message until then and through an outage',
    (hours) => {
      expect(askedFor(hours)).toBeUndefined();
      expect(askedFor(QUEUE_RETENTION_DAYS * 24 - OUTAGE_HOURS)).toBeGreaterThan(0);
    },
  );

  test('is nothing to any other failure, which waits as its policy says', () => {
    expect(retryDelaySeconds(new Error('down'), sent, growth, sent + 10 * HOUR_MS)).toBeLessThanOrEqual(900);
  });
});

describe('A handler that asks for its message at a given time', () => {
  const receive = async (at: Date, attempt = 1) => {
    const outside = consumerDependencies();
    const handle = consumer(
      'payment',
      [orderPlaced],
      async (all) => all.map(() => ({ failure: new RetryAtError(at) })),
      outside,
    );
    const { batchItemFailures } = await handle({ Records: [sqsRecord(placed(), { sentSecondsAgo: 60, attempt })] });
    return { ...outside, kept: batchItemFailures.length };
  };

  test('has it hidden until then', async () => {
    const { postponed, letters, kept } = await receive(new Date(Date.now() + 2 * HOUR_MS));
    expect(Math.abs((postponed[0]?.seconds ?? 0) - 7_200)).toBeLessThanOrEqual(2);
    expect([letters, kept]).toEqual([[], 1]);
  });

  test('too far away has it dead-lettered with the reason, not lost when the queue forgets it', async () => {
    const { letters, postponed, kept } = await receive(new Date('2999-01-01T00:00:00Z'));
    expect(letters[0]).toMatchObject({
      errorType: 'RetryAtError',
      errorMessage: 'the queue does not keep it that long: To be tried again at 2999-01-01T00:00:00.000Z',
    });
    expect([postponed, kept]).toEqual([[], 0]);
  });

  test('again and again has it given up in the end, before the queue itself would do so without a reason', async () => {
    const { letters } = await receive(new Date(Date.now() + HOUR_MS), MAX_ATTEMPTS);
    expect(letters[0]?.errorMessage).toContain(`given up after ${MAX_ATTEMPTS} attempts`);
  });
});
