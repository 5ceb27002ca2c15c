import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { FilterOrPolicy, type ITopic, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription, type SqsSubscriptionProps } from 'aws-cdk-lib/aws-sns-subscriptions';
import { DeduplicationScope, FifoThroughputLimit, type Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sourcesOf } from '../../contracts/cloud-event.ts';
import { MAX_ATTEMPTS, QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { Route } from '../routing.ts';
import { addQueueSource, nodeFunction } from './lambda.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue, ShopQueue } from './shop-queue.ts';

export type ConsumerProps = {
  /** The consumer's name, which is also its folder under `lambdas/`. */
  name: string;
  code: Code;
  route: Route;
  topic: ITopic;
  bus: EventBus;
  /** The FIFO topic with every order's steps. */
  lifecycle: ITopic;
  /** How many instances may run at once, so that a burst cannot drain the account. */
  concurrency: number;
  /** How many messages make a batch, and how long Lambda may gather them. */
  batch: { size: number; windowSeconds: number };
  logDays: RetentionDays;
  removalPolicy: RemovalPolicy;
  /** What encrypts its queues and its log. @default keys that AWS owns */
  key: ShopKey | undefined;
  /** @default 30 seconds */
  timeout?: Duration;
};

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: at least six times the function's timeout, and the window.
const VISIBILITY_PER_TIMEOUT = 6;
/** Receives beyond the consumer's own limit, which count only when its function dies before it can say why. */
const CRASHES = 10;
// The same page: the batch of a FIFO queue has at most so many messages, and no window.
const FIFO_BATCH = 10;
const PER_GROUP = FifoThroughputLimit.PER_MESSAGE_GROUP_ID;

/** One consumer: its queue, dead-letter queue and function, and the routes that bring it what it understands. */
export class Consumer extends Construct {
  readonly name: string;
  readonly route: Route;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly function: LambdaFunction;
  /** What brings it events from the bus, if anything does. */
  readonly rule: Rule | undefined;
  readonly key: ShopKey | undefined;

  constructor(scope: Construct, id: string, props: ConsumerProps) {
    super(scope, id);
    const { name, bus, route, key, removalPolicy, timeout = Duration.seconds(30) } = props;
    this.name = name;
    this.route = route;
    this.key = key;

    const fifo = route.consumes.some(({ channel }) => channel === 'lifecycle');
    if (fifo && route.consumes.some(({ channel }) => channel !== 'lifecycle')) {
      throw new Error(
        `Consumer ${name}: what comes in sequence cannot share a queue with what does not; make two consumers.`,
      );
    }
    if (route.unfiltered && route.consumes.some(({ channel }) => channel !== 'topic')) {
      throw new Error(
        `Consumer ${name}: the front door takes whatever is published on the topic, so anybody there could say what travels elsewhere; make two consumers.`,
      );
    }
    // Without this CDK would name a standard queue `fifo: false`, which CloudFormation refuses.
    const sequence = fifo
      ? { fifo, fifoThroughputLimit: PER_GROUP, deduplicationScope: DeduplicationScope.MESSAGE_GROUP }
      : {};

    const { size, windowSeconds } = props.batch;
    const batch = fifo ? { size: Math.min(size, FIFO_BATCH), windowSeconds: 0 } : { size, windowSeconds };

    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { ...sequence, key, removalPolicy });
    this.queue = new ShopQueue(this, 'Queue', {
      ...sequence,
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * VISIBILITY_PER_TIMEOUT + batch.windowSeconds),
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_ATTEMPTS + CRASHES },
      key,
      removalPolicy,
    });

    this.function = nodeFunction(this, {
      description: `Consumer ${name} of the shop's messages`,
      code: props.code,
      timeout,
      environment: {
        EVENT_BUS_NAME: bus.eventBusName,
        QUEUE_URL: this.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: this.deadLetterQueue.queueUrl,
        FUNCTION_TIMEOUT_SECONDS: String(timeout.toSeconds()),
      },
      logDays: props.logDays,
      removalPolicy,
      key,
    });
    addQueueSource(this.function, { queue: this.queue, key, maxConcurrency: props.concurrency, batch });
    // How long a message waits, and whether it is given up, is decided by the consumer itself.
    this.grant('sqs:ChangeMessageVisibility', this.queue.queueArn);
    this.grant('sqs:SendMessage', this.deadLetterQueue.queueArn);
    key?.grantUse(this.function, 'sqs', 'Decrypt', 'GenerateDataKey');
    bus.grantPutEventsTo(this.function);

    this.subscribeToTopics(props);
    this.rule = this.subscribeToBus(props);
    this.output('QueueUrl', this.queue.queueUrl);
    this.output('DeadLetterQueueUrl', this.deadLetterQueue.queueUrl);
  }

  /** Takes a table, what the function calls its name, and the actions it needs there, and grants exactly those. */
  grantTable(environmentName: string, table: Table, ...actions: string[]): void {
    this.function.addEnvironment(environmentName, table.tableName);
    // Not `table.grant`, which would include the indexes.
    for (const action of actions) this.grant(action, table.tableArn);
    this.key?.grantUse(this.function, 'dynamodb', 'Decrypt');
  }

  private grant(action: string, resourceArn: string): void {
    Grant.addToPrincipal({ grantee: this.function, actions: [action], resourceArns: [resourceArn] });
  }

  /** Brings what travels on the topic; the body decides, so a publisher needs no message attribute. */
  private subscribeToTopics({ topic, lifecycle, route }: ConsumerProps): void {
    if (this.queue.fifo) lifecycle.addSubscription(this.subscription());
    const types = route.consumes.filter(({ channel }) => channel === 'topic').map(({ type }) => type);
    if (types.length === 0) return;
    const filter = { type: FilterOrPolicy.filter(SubscriptionFilter.stringFilter({ allowlist: types })) };
    topic.addSubscription(this.subscription(route.unfiltered ? {} : { filterPolicyWithMessageBody: filter }));
  }

  private subscription(props: SqsSubscriptionProps = {}): SqsSubscription {
    return new SqsSubscription(this.queue, {
      ...props,
      rawMessageDelivery: true,
      deadLetterQueue: this.deadLetterQueue,
    });
  }

  /** Brings what travels on the bus: the bare event, as on the topic, and only from the publisher the contract names. */
  private subscribeToBus({ bus, route }: ConsumerProps): Rule | undefined {
    const contracts = route.consumes.filter(({ channel }) => channel === 'bus');
    if (contracts.length === 0) return undefined;
    return new Rule(this, 'Rule', {
      eventBus: bus,
      eventPattern: { source: sourcesOf(contracts), detailType: contracts.map(({ type }) => type) },
      targets: [
        new SqsQueue(this.queue, {
          message: RuleTargetInput.fromEventPath('$.detail'),
          deadLetterQueue: this.deadLetterQueue,
        }),
      ],
    });
  }

  /** Outputs are named after the construct: `PaymentQueueUrl`. */
  private output(kind: string, value: string): void {
    new CfnOutput(Stack.of(this), `${this.node.id}${kind}`, { value });
  }
}
