import { CfnOutput, Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Code, EventSourceMapping, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { DAYS_LEFT_TAG, lifetimesInDays } from '../../lambdas/archive/lifetime.ts';
import { MAX_RECEIVES, QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import { busPatterns, contractsOn } from '../filters.ts';
import { consumerSettings, type Settings } from '../settings.ts';
import { filterBody } from './body-filter.ts';
import { type BusRule, busRules } from './bus-rules.ts';
import { addQueueSource, nodeFunction, visibilityTimeoutOf } from './lambda.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue, ShopQueue } from './shop-queue.ts';

export type ArchiveProps = {
  code: Code;
  topic: ITopic;
  lifecycle: ITopic;
  bus: EventBus;
  settings: Settings;
  removalPolicy: RemovalPolicy;
  key: ShopKey | undefined;
};

/**
 * Archives every event of both topics and the bus for `ops replay`, by arrival time (docs/replay.md). An event is archived from
 * the channel in its contract only: what a publisher claims on the orders topic is not replayed as an event of the bus.
 */
export class Archive extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** Holds steps of the lifecycle feed that did not reach its queue. */
  readonly undeliveredSteps: Queue;
  readonly bucket: Bucket;
  readonly function: LambdaFunction;
  /** Delivers the messages of its queue to its function. */
  readonly mapping: EventSourceMapping;
  /** Bring it the events of the bus. */
  readonly rules: readonly BusRule[];

  constructor(scope: Construct, id: string, props: ArchiveProps) {
    super(scope, id);
    const { settings, removalPolicy, key } = props;
    const own = consumerSettings(settings, 'archive');
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { removalPolicy, from: 'queue' });
    this.queue = new ShopQueue(this, 'Queue', {
      key,
      removalPolicy,
      visibilityTimeout: visibilityTimeoutOf(own),
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
    const { queue } = this;
    this.undeliveredSteps = this.subscribe(props);
    const patterns = busPatterns('archive', catalog);
    this.rules = busRules(this, { bus: props.bus, patterns, queue, deadLetterQueue: this.deadLetterQueue });

    this.bucket = archiveBucket(this, props);
    const { bucket } = this;
    const archiver = nodeFunction(this, {
      description: 'Keeps every event of the shop, to be replayed',
      code: props.code,
      ...own,
      environment: { BUCKET_NAME: bucket.bucketName },
      settings,
      removalPolicy,
      key,
    });
    this.function = archiver;
    const objects = bucket.arnForObjects('*');
    Grant.addToPrincipal({ grantee: archiver, actions: ['s3:PutObject'], resourceArns: [objects] });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::<ArchiveBucket49F1AC64.Arn>/*]',
      reason: 'The key of an object begins with the hour in which its events arrived, so none can be named here.',
    });
    key?.grantUse(archiver, 's3', 'GenerateDataKey');
    this.mapping = addQueueSource(archiver, { queue, key, ...own });

    // Named as a consumer's, so that `ops status` and `ops dlq` show this queue too.
    const output = (name: string, value: string) => new CfnOutput(Stack.of(this), `${this.node.id}${name}`, { value });
    output('QueueUrl', queue.queueUrl);
    output('DeadLetterQueueUrl', this.deadLetterQueue.queueUrl);
    output('BucketName', bucket.bucketName);
    output('Days', String(settings.archiveDays));
  }

  /** Subscribes to both topics; returns the queue of what the FIFO topic cannot deliver. */
  private subscribe({ topic, lifecycle, removalPolicy }: ArchiveProps): Queue {
    const subscription = (channel: Channel, deadLetterQueue: IQueue) =>
      new SqsSubscription(this.queue, {
        rawMessageDelivery: true,
        deadLetterQueue,
        filterPolicyWithMessageBody: filterBody('archive', contractsOn(channel, catalog)),
      });
    topic.addSubscription(subscription('topic', this.deadLetterQueue));
    // A FIFO topic may deliver to a standard queue, but its dead-letter queue must be FIFO
    // (https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html).
    const undeliveredSteps = new DeadLetterQueue(this, 'UndeliveredSteps', {
      removalPolicy,
      from: 'deliveries',
      fifo: true,
    });
    lifecycle.addSubscription(subscription('lifecycle', undeliveredSteps));
    new CfnOutput(Stack.of(this), `${this.node.id}UndeliveredStepsDeadLetterQueueUrl`, {
      value: undeliveredSteps.queueUrl,
    });
    return undeliveredSteps;
  }
}

/** Creates the bucket of the archive. It holds phone numbers and payment tokens: encrypted, closed to the public, and they expire. */
function archiveBucket(scope: Construct, { settings, removalPolicy, key }: ArchiveProps): Bucket {
  const bucket = new Bucket(scope, 'Bucket', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    // A bucket key: S3 asks KMS for one now and then, instead of for one an object.
    ...(key
      ? { encryption: BucketEncryption.KMS, encryptionKey: key.key, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
    lifecycleRules: [
      { expiration: Duration.days(settings.archiveDays) },
      // `ops forget` writes objects anew: what is left in them must not live longer for it.
      ...lifetimesInDays(settings.archiveDays).map((days) => ({
        expiration: Duration.days(days),
        tagFilters: { [DAYS_LEFT_TAG]: String(days) },
      })),
    ],
    removalPolicy,
    // S3 deletes only empty buckets. An engine on this machine forgets its buckets when it stops.
    autoDeleteObjects: settings.stage === 'dev',
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'Access logs would need another bucket; who reads objects is what data events of CloudTrail record.',
  });
  return bucket;
}
