import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { attemptsWithin, MAX_ATTEMPTS, MAX_BACKOFF_SECONDS } from '../../lambdas/runtime/retry-policy.ts';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const DAY = 86_400;

describe.each(Object.keys(routing))('The queue of %s', (name) => {
  const { queue, deadLetterQueue, function: fn, mapping } = template.consumer(name);
  const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = queue.properties;

  test('has a visibility timeout of at least six function timeouts', () => {
    const window = mapping.properties.MaximumBatchingWindowInSeconds ?? 0;
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.properties.Timeout + window);
  });

  test('has its own dead-letter queue with a longer retention', () => {
    expect(RedrivePolicy.deadLetterTargetArn).toEqual({ 'Fn::GetAtt': [deadLetterQueue.id, 'Arn'] });
    expect(deadLetterQueue.properties.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
  });

  test('allows 1.5 times the attempts of a day of failures', () => {
    expect(RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(1.5 * attemptsWithin(24));
    expect(RedrivePolicy.maxReceiveCount).toBeLessThanOrEqual(1_000);
  });

  test('allows more receives than the consumer makes attempts, so that the consumer dead-letters with a reason', () => {
    expect(RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(MAX_ATTEMPTS + 10);
  });

  test('outlasts a day of invocations that time out', () => {
    expect(RedrivePolicy.maxReceiveCount * VisibilityTimeout).toBeGreaterThanOrEqual(DAY);
  });

  test('retains a message until its attempts are used up', () => {
    const longest = RedrivePolicy.maxReceiveCount * (MAX_BACKOFF_SECONDS + VisibilityTimeout);
    expect(longest).toBeLessThan(MessageRetentionPeriod);
  });

  test('delivers batches with partial failures to a limited number of concurrent functions', () => {
    expect(mapping.properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [queue.id, 'Arn'] },
      FunctionName: { Ref: fn.id },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  test('is configured in its function with the dead-letter queue and the timeout', () => {
    expect(fn.properties.Environment.Variables).toMatchObject({
      QUEUE_URL: { Ref: queue.id },
      DEAD_LETTER_QUEUE_URL: { Ref: deadLetterQueue.id },
      FUNCTION_TIMEOUT_SECONDS: String(fn.properties.Timeout),
    });
  });
});

describe('With a batch size of 100 and a window of a minute', () => {
  const wideBatches = synthesise({ batchSize: '100', batchWindowSeconds: '60' });

  test.each(Object.keys(routing))('the queue of %s uses as much of both as its type allows', (name) => {
    const { queue, mapping, function: fn } = wideBatches.consumer(name);
    const fifo = queue.properties.FifoQueue === true;
    const { BatchSize, MaximumBatchingWindowInSeconds: window = 0 } = mapping.properties;
    expect([BatchSize, window]).toEqual(fifo ? [10, 0] : [100, 60]);
    const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } = queue.properties;
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.properties.Timeout + window);
    expect(RedrivePolicy.maxReceiveCount * (MAX_BACKOFF_SECONDS + VisibilityTimeout)).toBeLessThan(
      MessageRetentionPeriod,
    );
  });
});
