import { expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import {
  defaultPolicy,
  GIVE_UP_HOURS,
  MAX_BACKOFF_SECONDS,
  MAX_RECEIVES,
  OUTAGE_HOURS,
  QUEUE_RETENTION_DAYS,
} from '../../lambdas/runtime/retry-policy.ts';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const OUTAGE_SECONDS = OUTAGE_HOURS * 3600;

// The promise is a day (docs/guarantees.md). The policy rests on numbers that the template has to keep.
test('The retry policy promises at least a day', () => {
  expect(OUTAGE_HOURS).toBeGreaterThanOrEqual(24);
});

test.each(Object.keys(routing))('The queue of %s keeps what the retry policy assumes of it', (name) => {
  const { queue, deadLetterQueue } = template.consumer(name);
  const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = queue.properties;
  expect(
    MAX_RECEIVES * VisibilityTimeout,
    'a function that hangs or dies uses a receive per visibility timeout',
  ).toBeGreaterThanOrEqual(OUTAGE_SECONDS);
  expect(MAX_RECEIVES * VisibilityTimeout, 'SQS moves the message before it forgets it').toBeLessThan(
    MessageRetentionPeriod,
  );
  expect(MessageRetentionPeriod).toBe(QUEUE_RETENTION_DAYS * 86_400);
  expect(MessageRetentionPeriod, 'an outage must end before the queue forgets its messages').toBeGreaterThan(
    2 * OUTAGE_SECONDS,
  );
  expect(RedrivePolicy.maxReceiveCount).toBe(MAX_RECEIVES);
  const lastAttempt = GIVE_UP_HOURS * 3600 + MAX_BACKOFF_SECONDS + VisibilityTimeout;
  expect(lastAttempt, 'a message is given up with a reason before the queue forgets it').toBeLessThan(
    MessageRetentionPeriod,
  );
  expect(deadLetterQueue.properties.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
});

test('No action of the policy waits longer than the longest backoff, and every outage has the same bounds', () => {
  const retries = Object.values(defaultPolicy).filter((one) => one.action === 'retry');
  for (const { maxSeconds } of retries) expect(maxSeconds).toBeLessThanOrEqual(MAX_BACKOFF_SECONDS);
  expect(defaultPolicy.WaitingError).toEqual(defaultPolicy.otherwise);
});
