import { Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  type EventSourceMapping,
  Function as LambdaFunction,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { sourceMapEnvironment } from '../bundling.ts';
import type { ConsumerSettings, Settings } from '../settings.ts';
import type { ShopKey } from './shop-key.ts';

/** Creates a function on the runtime that the tests run on, with its own role and log. */
export function nodeFunction(
  scope: Construct,
  props: {
    description: string;
    code: Code;
    /** In seconds. */
    timeout: number;
    /** In MB. */
    memory: number;
    environment: Record<string, string>;
    settings: Pick<Settings, 'logDays' | 'tracing'>;
    removalPolicy: RemovalPolicy;
    /** Encrypts its log. @default a key that AWS owns */
    key: ShopKey | undefined;
    /** How many instances may run at once, which no other function of the account then has. @default no limit of its own */
    reservedConcurrency?: number | undefined;
  },
): LambdaFunction {
  const { description, code, timeout, memory, environment, settings, removalPolicy, key, reservedConcurrency } = props;
  const logGroup = new LogGroup(scope, 'Log', {
    retention: settings.logDays,
    removalPolicy,
    ...(key === undefined ? {} : { encryptionKey: key.key }),
  });
  // A role of its own, because AWS's managed policy for functions allows writing every log of the account.
  const role = new Role(scope, 'FunctionRole', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Traces have no resource that could be named; a test sees to it that nothing else is allowed on everything.',
  });
  const fn = new LambdaFunction(scope, 'Function', {
    description,
    code,
    timeout: Duration.seconds(timeout),
    environment: { ...environment, METRICS_NAMESPACE: Stack.of(scope).stackName, ...sourceMapEnvironment },
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: memory,
    tracing: settings.tracing ? Tracing.ACTIVE : Tracing.PASS_THROUGH,
    logGroup,
    role,
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
  });
  Validations.of(fn).acknowledge({
    id: 'Serverless-LambdaDLQ',
    reason:
      'Messages fail into the dead-letter queue of their own queue, and a run of the sweep that fails is made up for by the next.',
  });
  return fn;
}

/** The queue that invokes a function with batches, of which a part may fail. */
export type QueueSource = {
  queue: Queue;
  key: ShopKey | undefined;
  /** How many instances may run at once, so that a burst cannot drain the account. */
  concurrency: number;
  batchSize: number;
  /** How many seconds Lambda may gather a batch. */
  window: number;
};

/** Returns how long SQS hides a message that was received: six times the timeout, and the window (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). */
export const visibilityTimeoutOf = ({ timeout, window }: Pick<ConsumerSettings, 'timeout' | 'window'>): Duration =>
  Duration.seconds(6 * timeout + window);

/** Adds a queue as a function's event source, with the permissions that Lambda needs for it and no more. */
export function addQueueSource(
  fn: LambdaFunction,
  { queue, key, concurrency, batchSize, window }: QueueSource,
): EventSourceMapping {
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    resourceArns: [queue.queueArn],
  });
  key?.grantUse(fn, 'sqs', 'Decrypt');
  const mapping = fn.addEventSourceMapping('Feed', {
    eventSourceArn: queue.queueArn,
    batchSize,
    // Written when it is zero too: what is left out keeps its value. A FIFO queue takes none.
    ...(queue.fifo ? {} : { maxBatchingWindow: Duration.seconds(window) }),
    reportBatchItemFailures: true,
    maxConcurrency: concurrency,
  });
  Validations.of(fn).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason:
      'For a queue Lambda takes none: what fails stays in the queue, and its dead-letter queue is the destination.',
  });
  return mapping;
}
