import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Effect, Grant, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Code, EventSourceMapping, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription, type SqsSubscriptionProps } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_RECEIVES, QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import { busPatterns, contractsOn } from '../filters.ts';
import type { Permission, Route, TableUse } from '../route.ts';
import { consumerSettings, type Settings } from '../settings.ts';
import { filterBody } from './body-filter.ts';
import { type BusRule, busRules } from './bus-rules.ts';
import type { CustomerKey } from './customer-key.ts';
import { endpointRules } from './endpoint-rules.ts';
import { addQueueSource, nodeFunction, visibilityTimeoutOf } from './lambda.ts';
import { grantPutEvents } from './put-events.ts';
import type { RecordTables } from './record-table.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue, HIGH_THROUGHPUT_FIFO, ShopQueue } from './shop-queue.ts';

export type ConsumerProps = {
  /** The consumer's name, which is also its folder under `lambdas/`. */
  name: string;
  code: Code;
  route: Route;
  topic: ITopic;
  bus: EventBus;
  /** The FIFO topic with every order's steps. */
  lifecycle: ITopic;
  tables: RecordTables;
  /** The key that customers are hashed with. */
  customerKey: CustomerKey;
  settings: Settings;
  removalPolicy: RemovalPolicy;
  /** Encrypts its queues and its log. @default keys that AWS owns */
  key: ShopKey | undefined;
};

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: the batch of a FIFO queue has at most so many messages, and no window.
const MAX_FIFO_BATCH = 10;

/** One consumer: its queue, dead-letter queue and function, its tables and grants, and the routes that bring it its events. */
export class Consumer extends Construct {
  readonly name: string;
  readonly route: Route;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly function: LambdaFunction;
  /** Delivers the messages of its queue to its function. */
  readonly mapping: EventSourceMapping;
  /** Bring it events from the bus, if it consumes any. */
  readonly rules: readonly BusRule[];
  private readonly key: ShopKey | undefined;

  constructor(scope: Construct, id: string, props: ConsumerProps) {
    super(scope, id);
    const { name, bus, route, settings, key, removalPolicy } = props;
    this.name = name;
    this.route = route;
    this.key = key;

    const isFifo = readsLifecycle(name, route);
    const given = consumerSettings(settings, name);
    const own = isFifo ? { ...given, batchSize: Math.min(given.batchSize, MAX_FIFO_BATCH), window: 0 } : given;
    const queueProps = { ...(isFifo ? HIGH_THROUGHPUT_FIFO : {}), removalPolicy };

    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { ...queueProps, from: 'queue' });
    this.queue = new ShopQueue(this, 'Queue', {
      ...queueProps,
      key,
      visibilityTimeout: visibilityTimeoutOf(own),
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
    this.function = nodeFunction(this, {
      description: `Consumer ${name} of the shop's messages`,
      code: props.code,
      ...own,
      environment: {
        QUEUE_URL: this.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: this.deadLetterQueue.queueUrl,
        FUNCTION_TIMEOUT_SECONDS: String(own.timeout),
        ...(route.hashesCustomers ? { CUSTOMER_HASH_KEY: props.customerKey.reference } : {}),
        ...route.environment?.(settings),
      },
      settings,
      removalPolicy,
      key,
    });
    this.mapping = addQueueSource(this.function, { queue: this.queue, key, ...own });
    // The consumer itself decides how long a message waits, and whether it is dead-lettered.
    this.grant('sqs:ChangeMessageVisibility', this.queue.queueArn);
    this.grant('sqs:SendMessage', this.deadLetterQueue.queueArn);
    this.grantPublishing(props);
    this.grantRoute(props);

    this.subscribeToTopics(props);
    const { queue, deadLetterQueue } = this;
    const to = { bus, queue, deadLetterQueue };
    this.rules =
      route.endpoints === undefined
        ? busRules(this, { ...to, patterns: busPatterns(name, route.consumes) })
        : endpointRules(this, { ...to, consumer: name, endpoints: route.endpoints(settings) });
    this.output('QueueUrl', this.queue.queueUrl);
    this.output('DeadLetterQueueUrl', this.deadLetterQueue.queueUrl);
  }

  /** Grants the function to publish what its line in `routing.ts` names, where the contracts say. */
  private grantPublishing({ route: { publishes = [] }, bus, lifecycle }: ConsumerProps): void {
    if (publishes.some(({ channel }) => channel === 'bus')) {
      this.function.addEnvironment('EVENT_BUS_NAME', bus.eventBusName);
      grantPutEvents(bus, this.function, publishes);
    }
    if (publishes.some(({ channel }) => channel === 'lifecycle')) {
      this.function.addEnvironment('LIFECYCLE_TOPIC_ARN', lifecycle.topicArn);
      this.grant('sns:Publish', lifecycle.topicArn);
      this.key?.grantUse(this.function, 'sns', 'Decrypt', 'GenerateDataKey');
    }
  }

  /** Grants the function exactly what its line in `routing.ts` names. */
  private grantRoute({ route, settings, tables, topic }: ConsumerProps): void {
    for (const [variable, use] of Object.entries(route.tables?.(settings) ?? {})) {
      this.grantTable(variable, use, tables);
    }
    for (const [variable, secret] of Object.entries(route.secrets?.(settings) ?? {})) {
      this.grantSecret(variable, secret);
      this.function.addEnvironment(variable, secret);
    }
    for (const secret of route.furtherSecrets?.(settings) ?? []) this.grantSecret(`Secret ${secret}`, secret);
    for (const permission of route.may ?? []) this.grantPermission(permission, topic);
  }

  private grantTable(variable: string, use: TableUse, tables: RecordTables): void {
    const table = tables.for(use);
    this.function.addEnvironment(variable, table.tableName);
    // Not `table.grant`, which would include the indexes.
    for (const action of use.actions) this.grant(`dynamodb:${action}`, table.tableArn);
    this.key?.grantUse(this.function, 'dynamodb', 'Decrypt');
  }

  private grantSecret(id: string, nameOrArn: string): void {
    const secret = nameOrArn.startsWith('arn:')
      ? Secret.fromSecretCompleteArn(this, id, nameOrArn)
      : Secret.fromSecretNameV2(this, id, nameOrArn);
    // Not `grantRead`, which would allow to describe it too. AWS appends six characters to a name to make the ARN.
    this.grant('secretsmanager:GetSecretValue', secret.secretFullArn ?? `${secret.secretArn}-??????`);
  }

  private grantPermission(permission: Permission, topic: ITopic): void {
    switch (permission) {
      case 'forward-unwrapped':
        this.function.addEnvironment('ORDERS_TOPIC_ARN', topic.topicArn);
        this.grant('sns:Publish', topic.topicArn);
        return;
      case 'send-texts':
        // A phone number has no ARN, so texts are allowed by excluding every topic.
        this.function.addToRolePolicy(
          new PolicyStatement({
            effect: Effect.ALLOW,
            actions: ['sns:Publish'],
            notResources: [`arn:${Stack.of(this).partition}:sns:*:*:*`],
          }),
        );
        return;
    }
  }

  private grant(action: string, resourceArn: string): void {
    Grant.addToPrincipal({ grantee: this.function, actions: [action], resourceArns: [resourceArn] });
  }

  /** Subscribes to what travels on the topics; the body is filtered, so a publisher needs no message attribute. */
  private subscribeToTopics({ name, topic, lifecycle, route }: ConsumerProps): void {
    if (this.queue.fifo) lifecycle.addSubscription(this.subscription());
    const contracts = contractsOn('topic', route.consumes);
    if (contracts.length === 0) return;
    topic.addSubscription(
      this.subscription(route.unfiltered ? {} : { filterPolicyWithMessageBody: filterBody(name, contracts) }),
    );
  }

  private subscription(props: SqsSubscriptionProps = {}): SqsSubscription {
    return new SqsSubscription(this.queue, {
      ...props,
      rawMessageDelivery: true,
      deadLetterQueue: this.deadLetterQueue,
    });
  }

  /** Names outputs after the construct: `PaymentQueueUrl`. */
  private output(kind: string, value: string): void {
    new CfnOutput(Stack.of(this), `${this.node.id}${kind}`, { value });
  }
}

/** Tells whether the consumer reads the lifecycle feed; throws where its events cannot share one queue. */
function readsLifecycle(name: string, { consumes, unfiltered }: Route): boolean {
  const isFifo = consumes.some(({ channel }) => channel === 'lifecycle');
  if (isFifo && consumes.some(({ channel }) => channel !== 'lifecycle')) {
    throw new Error(
      `Consumer ${name}: events that come in sequence cannot share a queue with others; make two consumers.`,
    );
  }
  if (unfiltered && consumes.some(({ channel }) => channel !== 'topic')) {
    throw new Error(
      `Consumer ${name}: an unfiltered consumer gets everything that is published on the topic, so any publisher could send it what travels elsewhere; make two consumers.`,
    );
  }
  return isFifo;
}
