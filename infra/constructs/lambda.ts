import { Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ShopKey } from './shop-key.ts';

/** Creates a function on the runtime that the tests run on, with its own role and log. */
export function nodeFunction(
  scope: Construct,
  props: {
    description: string;
    code: Code;
    timeout: Duration;
    environment: Record<string, string>;
    logDays: RetentionDays;
    removalPolicy: RemovalPolicy;
    /** Encrypts its log. @default a key that AWS owns */
    key: ShopKey | undefined;
  },
): LambdaFunction {
  const { logDays, removalPolicy, key, ...rest } = props;
  const logGroup = new LogGroup(scope, 'Log', {
    retention: logDays,
    removalPolicy,
    ...(key === undefined ? {} : { encryptionKey: key }),
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
    ...rest,
    environment: { ...rest.environment, METRICS_NAMESPACE: Stack.of(scope).stackName },
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: 512,
    tracing: Tracing.ACTIVE,
    logGroup,
    role,
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
  maxConcurrency: number;
  /** How many messages make a batch, and how long Lambda may gather them. @default 10, none */
  batch?: { size: number; windowSeconds: number };
};

/** Adds a queue as a function's event source, with the permissions that Lambda needs for it and no more. */
export function addQueueSource(fn: LambdaFunction, { queue, key, maxConcurrency, batch }: QueueSource): void {
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
  Grant.addToPrincipal({
    grantee: fn,
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    resourceArns: [queue.queueArn],
  });
  key?.grantUse(fn, 'sqs', 'Decrypt');
  fn.addEventSourceMapping('Feed', {
    eventSourceArn: queue.queueArn,
    batchSize: batch?.size ?? 10,
    ...(batch && batch.windowSeconds > 0 ? { maxBatchingWindow: Duration.seconds(batch.windowSeconds) } : {}),
    reportBatchItemFailures: true,
    maxConcurrency,
  });
  Validations.of(fn).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason:
      'For a queue Lambda takes none: what fails stays in the queue, and its dead-letter queue is the destination.',
  });
}
