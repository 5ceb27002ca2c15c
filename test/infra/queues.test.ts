import { describe, expect, test } from 'vitest';
import { routing, shippedRoutes } from '../../infra/routing.ts';
import { DYNAMODB_ATTEMPTS, longestCallMs } from '../../lambdas/runtime/call-limits.ts';
import { HAND_BACK_MS } from '../../lambdas/runtime/invocation-deadline.ts';
import { MAX_RECEIVES } from '../../lambdas/runtime/retry-policy.ts';
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

  test('allows as many receives as SQS does, so that the consumer dead-letters with a reason', () => {
    expect(RedrivePolicy.maxReceiveCount).toBe(MAX_RECEIVES);
    expect(MAX_RECEIVES).toBe(1_000);
  });

  test('has a function whose calls to AWS all end before it hands back what is unfinished', () => {
    for (const attempts of [1, 2, 3, DYNAMODB_ATTEMPTS])
      expect(longestCallMs({ attempts })).toBeLessThan(fn.properties.Timeout * 1000 - HAND_BACK_MS);
  });

  test('outlasts a day of invocations that time out', () => {
    expect(RedrivePolicy.maxReceiveCount * VisibilityTimeout).toBeGreaterThanOrEqual(DAY);
  });

  test('retains a message that kills its function each time until its receives are used up', () => {
    expect(RedrivePolicy.maxReceiveCount * VisibilityTimeout).toBeLessThan(MessageRetentionPeriod);
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

test('No deployment enables a consumer that is paused, or takes its record: the template sets neither', () => {
  const mappings = template.resources('AWS::Lambda::EventSourceMapping');
  expect(mappings).toHaveLength(Object.keys(routing).length + 1);
  for (const { properties } of mappings) expect(properties).not.toHaveProperty('Enabled');
  const sources = mappings.map(({ properties }) => properties.EventSourceArn['Fn::GetAtt'][0]);
  const queues = template.resources('AWS::SQS::Queue').filter(({ id }) => sources.includes(id));
  expect(queues).toHaveLength(sources.length);
  for (const { properties } of queues) expect(properties).not.toHaveProperty('Tags');
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
    expect(RedrivePolicy.maxReceiveCount * VisibilityTimeout).toBeLessThan(MessageRetentionPeriod);
  });
});

describe('No queue of the account may dead-letter', () => {
  const permission = (id: string) =>
    template.resources('AWS::SQS::Queue').find((one) => one.id === id)?.properties.RedriveAllowPolicy;
  const hasDeadLetters = new Set(
    template
      .resources('AWS::SQS::Queue')
      .flatMap(({ properties: { RedrivePolicy } }) => RedrivePolicy?.deadLetterTargetArn['Fn::GetAtt'][0] ?? []),
  );

  test.each(template.resources('AWS::SQS::Queue').map(({ id }) => id))(
    'into %s, unless it is the dead-letter queue of a queue',
    (id) => {
      // A list would name the ARN of a queue that names this one's.
      expect(permission(id)).toEqual({ redrivePermission: hasDeadLetters.has(id) ? 'allowAll' : 'denyAll' });
    },
  );

  test('into a queue that a function reads, past the policy that names who may send to it', () => {
    const read = [...Object.keys(routing), 'archive'].map((name) => template.function(name).queue?.id ?? '');
    expect(read.length).toBeGreaterThan(Object.keys(shippedRoutes).length);
    for (const id of read) expect(permission(id)).toEqual({ redrivePermission: 'denyAll' });
  });
});
