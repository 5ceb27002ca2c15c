import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { attemptsWithin, MAX_ATTEMPTS, MAX_BACKOFF_SECONDS } from '../../lambdas/runtime/retry-policy.ts';
import { synthesise } from '../builders/template.ts';

const template = synthesise();
const DAY = 86_400;

describe.each(Object.keys(routing))('The queue of %s', (name) => {
  const { queue, deadLetterQueue, function: fn, mapping } = template.consumer(name);
  const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = queue.properties;

  test('hides a message for at least six times as long as its function may run', () => {
    const window = mapping.properties.MaximumBatchingWindowInSeconds ?? 0;
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.properties.Timeout + window);
  });

  test('has a dead-letter queue of its own, which keeps messages for longer', () => {
    expect(RedrivePolicy.deadLetterTargetArn).toEqual({ 'Fn::GetAtt': [deadLetterQueue.id, 'Arn'] });
    expect(deadLetterQueue.properties.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
  });

  test('allows as many tries as a day of failures takes, with some to spare', () => {
    expect(RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(1.5 * attemptsWithin(24));
    expect(RedrivePolicy.maxReceiveCount).toBeLessThanOrEqual(1_000);
  });

  test('leaves it to its function to give a message up, with a reason, unless the function dies again and again', () => {
    expect(RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(MAX_ATTEMPTS + 10);
  });

  test('outlasts a day in which its function never gets to set a wait, because the downstream hangs until it is killed', () => {
    expect(RedrivePolicy.maxReceiveCount * VisibilityTimeout).toBeGreaterThanOrEqual(DAY);
  });

  test('keeps a message until its tries are used up, so that none expires unseen', () => {
    const longest = RedrivePolicy.maxReceiveCount * (MAX_BACKOFF_SECONDS + VisibilityTimeout);
    expect(longest).toBeLessThan(MessageRetentionPeriod);
  });

  test('hands over batches of which a part may fail, to a limited number of functions', () => {
    expect(mapping.properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [queue.id, 'Arn'] },
      FunctionName: { Ref: fn.id },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  test('is told to its function together with its dead-letter queue and the time it has', () => {
    expect(fn.properties.Environment.Variables).toMatchObject({
      QUEUE_URL: { Ref: queue.id },
      DEAD_LETTER_QUEUE_URL: { Ref: deadLetterQueue.id },
      FUNCTION_TIMEOUT_SECONDS: String(fn.properties.Timeout),
    });
  });
});

describe('With a batch size of 100 and a window of a minute', () => {
  const wide = synthesise({ batchSize: '100', batchWindowSeconds: '60' });

  test.each(Object.keys(routing))('the queue of %s hands over as much as it can', (name) => {
    const { queue, mapping, function: fn } = wide.consumer(name);
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
