import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { FilterOrPolicy, type ITopic, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { catalog } from '../../contracts/catalog.ts';
import { type Channel, sourcesOf } from '../../contracts/cloud-event.ts';
import { MOST_TRIES } from '../../lambdas/runtime/backoff.ts';
import type { Settings } from '../settings.ts';
import { nodeFunction } from './lambda.ts';

export type ArchiveProps = {
  code: Code;
  topic: ITopic;
  lifecycle: ITopic;
  bus: EventBus;
  settings: Pick<Settings, 'archiveDays' | 'consumerConcurrency' | 'logDays'>;
  removalPolicy: RemovalPolicy;
};

const on = (wanted: Channel) => catalog.filter(({ channel }) => channel === wanted);

/**
 * Keeps every event of both topics and the bus for `ops replay`, by the time it came in (docs/replay.md). An event counts
 * only where its contract says it travels: what somebody claims on the orders topic is not replayed as a fact of the bus.
 */
export class Archive extends Construct {
  readonly deadLetterQueue: Queue;
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ArchiveProps) {
    super(scope, id);
    const { bus, settings, removalPolicy } = props;
    const timeout = Duration.seconds(30);
    const queueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy };
    const deadLetterQueue = new Queue(this, 'DeadLetterQueue', { ...queueProps, retentionPeriod: Duration.days(14) });
    this.deadLetterQueue = deadLetterQueue;
    const queue = new Queue(this, 'Queue', {
      ...queueProps,
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      retentionPeriod: Duration.days(7),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MOST_TRIES },
    });

    const subscription = (channel: Channel, undeliverable: IQueue) =>
      new SqsSubscription(queue, {
        rawMessageDelivery: true,
        deadLetterQueue: undeliverable,
        filterPolicyWithMessageBody: {
          type: FilterOrPolicy.filter(
            SubscriptionFilter.stringFilter({ allowlist: on(channel).map(({ type }) => type) }),
          ),
        },
      });
    props.topic.addSubscription(subscription('topic', deadLetterQueue));
    // A FIFO topic may deliver to a standard queue, but what it cannot deliver goes to a FIFO queue only
    // (https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
    const undeliveredSteps = new Queue(this, 'UndeliveredSteps', {
      ...queueProps,
      fifo: true,
      retentionPeriod: Duration.days(14),
    });
    props.lifecycle.addSubscription(subscription('lifecycle', undeliveredSteps));
    new Rule(this, 'Rule', {
      eventBus: bus,
      eventPattern: { source: sourcesOf(on('bus')), detailType: on('bus').map(({ type }) => type) },
      targets: [new SqsQueue(queue, { message: RuleTargetInput.fromEventPath('$.detail'), deadLetterQueue })],
    });

    // Phone numbers and payment tokens are in it: DynamoDB encrypts it at rest, and it forgets.
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'hour', type: AttributeType.STRING },
      sortKey: { name: 'at', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expires',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
    const keeper = nodeFunction(this, {
      description: 'Keeps every event of the shop, to be replayed',
      code: props.code,
      timeout,
      environment: { TABLE_NAME: table.tableName, ARCHIVE_DAYS: String(settings.archiveDays) },
      logDays: settings.logDays,
      removalPolicy,
    });
    this.function = keeper;
    table.grant(keeper, 'dynamodb:BatchWriteItem');
    keeper.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: settings.consumerConcurrency,
      }),
    );

    // Named as a consumer's, so that `ops status` and `ops dlq` show this queue too.
    const output = (name: string, value: string) => new CfnOutput(Stack.of(this), `${this.node.id}${name}`, { value });
    output('QueueUrl', queue.queueUrl);
    output('DeadLetterQueueUrl', deadLetterQueue.queueUrl);
    output('TableName', table.tableName);
  }
}
