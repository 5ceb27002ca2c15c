import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterOrPolicy, type ITopic, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { MAX_RECEIVES, QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { Settings } from '../settings.ts';
import { busRules } from './bus-rules.ts';
import { addQueueSource, nodeFunction } from './lambda.ts';
import { recordTable } from './record-table.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue, ShopQueue } from './shop-queue.ts';

export type ArchiveProps = {
  code: Code;
  topic: ITopic;
  lifecycle: ITopic;
  bus: EventBus;
  settings: Pick<Settings, 'stage' | 'archiveDays' | 'consumerConcurrency' | 'logDays'>;
  removalPolicy: RemovalPolicy;
  key: ShopKey | undefined;
};

// Nobody waits for the archive, and a fuller batch costs less: the messages of a minute make one, up to this size.
const BATCH_SIZE = 1_000;
const WINDOW_SECONDS = 60;
const LOCAL_WINDOW_SECONDS = 1;

const contractsOn = (wanted: Channel) => catalog.filter(({ channel }) => channel === wanted);

/**
 * Archives every event of both topics and the bus for `ops replay`, by arrival time (docs/replay.md). An event is archived from
 * the channel in its contract only: what a publisher claims on the orders topic is not replayed as an event of the bus.
 */
export class Archive extends Construct {
  readonly deadLetterQueue: Queue;
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ArchiveProps) {
    super(scope, id);
    const { settings, removalPolicy, key } = props;
    const timeout = Duration.seconds(30);
    const windowSeconds = settings.stage === 'local' ? LOCAL_WINDOW_SECONDS : WINDOW_SECONDS;
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { key, removalPolicy });
    const queue = new ShopQueue(this, 'Queue', {
      key,
      removalPolicy,
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + windowSeconds),
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
    this.subscribe(queue, props);

    // It holds phone numbers and payment tokens: it is encrypted like everything else, and its items expire.
    const table = recordTable(this, 'Table', {
      key: 'hour',
      sortKey: 'at',
      expiryAttribute: 'expires',
      removalPolicy,
      encryptionKey: key,
    });
    const archiver = nodeFunction(this, {
      description: 'Keeps every event of the shop, to be replayed',
      code: props.code,
      timeout,
      environment: { TABLE_NAME: table.tableName, ARCHIVE_DAYS: String(settings.archiveDays) },
      logDays: settings.logDays,
      removalPolicy,
      key,
    });
    this.function = archiver;
    Grant.addToPrincipal({ grantee: archiver, actions: ['dynamodb:BatchWriteItem'], resourceArns: [table.tableArn] });
    key?.grantUse(archiver, 'dynamodb', 'Decrypt');
    const batch = { size: BATCH_SIZE, windowSeconds };
    addQueueSource(archiver, { queue, key, maxConcurrency: settings.consumerConcurrency, batch });

    // Named as a consumer's, so that `ops status` and `ops dlq` show this queue too.
    const output = (name: string, value: string) => new CfnOutput(Stack.of(this), `${this.node.id}${name}`, { value });
    output('QueueUrl', queue.queueUrl);
    output('DeadLetterQueueUrl', this.deadLetterQueue.queueUrl);
    output('TableName', table.tableName);
  }
  private subscribe(queue: Queue, { topic, lifecycle, bus, removalPolicy, key }: ArchiveProps): void {
    const subscription = (channel: Channel, deadLetterQueue: IQueue) =>
      new SqsSubscription(queue, {
        rawMessageDelivery: true,
        deadLetterQueue,
        filterPolicyWithMessageBody: {
          type: FilterOrPolicy.filter(
            SubscriptionFilter.stringFilter({ allowlist: contractsOn(channel).map(({ type }) => type) }),
          ),
        },
      });
    topic.addSubscription(subscription('topic', this.deadLetterQueue));
    // A FIFO topic may deliver to a standard queue, but its dead-letter queue must be FIFO
    // (https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
    const undeliveredSteps = new DeadLetterQueue(this, 'UndeliveredSteps', { key, removalPolicy, fifo: true });
    lifecycle.addSubscription(subscription('lifecycle', undeliveredSteps));
    busRules(this, { bus, contracts: catalog, queue, deadLetterQueue: this.deadLetterQueue });
  }
}
