import { CfnOutput, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type EventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Code, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterOrPolicy, type ITopic, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { catalog } from '../../contracts/catalog.ts';
import { type Channel, sourcesOf } from '../../contracts/cloud-event.ts';
import { MAX_ATTEMPTS } from '../../lambdas/runtime/retry-policy.ts';
import type { Settings } from '../settings.ts';
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

/** Nobody waits for the archive, and the fuller a batch, the less it costs: the messages of a minute make one, up to so many. */
const BATCH_SIZE = 1_000;
const WINDOW_SECONDS = 60;
const LOCAL_WINDOW_SECONDS = 1;

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
    const { bus, settings, removalPolicy, key } = props;
    const timeout = Duration.seconds(30);
    const windowSeconds = settings.stage === 'local' ? LOCAL_WINDOW_SECONDS : WINDOW_SECONDS;
    const deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { key, removalPolicy });
    this.deadLetterQueue = deadLetterQueue;
    const queue = new ShopQueue(this, 'Queue', {
      key,
      removalPolicy,
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + windowSeconds),
      retentionPeriod: Duration.days(7),
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_ATTEMPTS },
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
    const undeliveredSteps = new DeadLetterQueue(this, 'UndeliveredSteps', { key, removalPolicy, fifo: true });
    props.lifecycle.addSubscription(subscription('lifecycle', undeliveredSteps));
    new Rule(this, 'Rule', {
      eventBus: bus,
      eventPattern: { source: sourcesOf(on('bus')), detailType: on('bus').map(({ type }) => type) },
      targets: [new SqsQueue(queue, { message: RuleTargetInput.fromEventPath('$.detail'), deadLetterQueue })],
    });

    // Phone numbers and payment tokens are in it: it is encrypted as everything else is, and it forgets.
    const table = recordTable(this, 'Table', {
      key: 'hour',
      sortKey: 'at',
      expiryAttribute: 'expires',
      removalPolicy,
      encryption: key,
    });
    const keeper = nodeFunction(this, {
      description: 'Keeps every event of the shop, to be replayed',
      code: props.code,
      timeout,
      environment: { TABLE_NAME: table.tableName, ARCHIVE_DAYS: String(settings.archiveDays) },
      logDays: settings.logDays,
      removalPolicy,
      key,
    });
    this.function = keeper;
    Grant.addToPrincipal({ grantee: keeper, actions: ['dynamodb:BatchWriteItem'], resourceArns: [table.tableArn] });
    key?.grantUse(keeper, 'dynamodb', 'Decrypt');
    const batch = { size: BATCH_SIZE, windowSeconds };
    addQueueSource(keeper, { queue, key, maxConcurrency: settings.consumerConcurrency, batch });

    // Named as a consumer's, so that `ops status` and `ops dlq` show this queue too.
    const output = (name: string, value: string) => new CfnOutput(Stack.of(this), `${this.node.id}${name}`, { value });
    output('QueueUrl', queue.queueUrl);
    output('DeadLetterQueueUrl', deadLetterQueue.queueUrl);
    output('TableName', table.tableName);
  }
}
