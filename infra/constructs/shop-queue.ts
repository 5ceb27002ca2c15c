import { Duration, Stack, Tags, Validations } from 'aws-cdk-lib';
import {
  CfnQueue,
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
  RedrivePermission,
} from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DEAD_LETTER_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { ShopKey } from './shop-key.ts';

export type ShopQueueProps = Omit<QueueProps, 'encryption' | 'encryptionMasterKey' | 'dataKeyReuse' | 'enforceSSL'> & {
  /** @default SQS's own key */
  key: ShopKey | undefined;
  /** What it is to operators, whose policies allow queues by it. @default a function of the stack receives from it */
  kind?: QueueKind;
};

/** Letters lie in the first two; a service outside the stack receives from the third. */
export type QueueKind = 'dead-letters' | 'parked' | 'partner';

/**
 * The tags by which policies of operators allow queues of a kind. CloudFormation tags no queue with the stack by itself. The queues of consumers have none:
 * `ops pause` keeps its record in their tags.
 */
export const QUEUE_TAGS = { shop: 'shop:stack', kind: 'shop:queue' } as const;

/** A queue of the lifecycle feed. A standard one has none of these: CDK would say `fifo: false`, which CloudFormation refuses. */
export const HIGH_THROUGHPUT_FIFO = {
  fifo: true,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
};

/**
 * A queue that accepts TLS only and is encrypted. No queue may dead-letter into it (unless `redriveAllowPolicy` says otherwise): SQS moves
 * messages past the policy of the queue, so whoever may make queues in the account could send what only a topic or a rule may.
 */
export class ShopQueue extends Queue {
  constructor(scope: Construct, id: string, { key, kind, ...props }: ShopQueueProps) {
    super(scope, id, {
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      ...props,
      enforceSSL: true,
      ...(key ? {} : { encryption: QueueEncryption.SQS_MANAGED }),
    });
    if (kind !== undefined) {
      Tags.of(this).add(QUEUE_TAGS.shop, Stack.of(this).stackName);
      Tags.of(this).add(QUEUE_TAGS.kind, kind);
    }
    const resource = this.node.defaultChild;
    if (key === undefined || !(resource instanceof CfnQueue)) return;
    // Set without CDK's knowledge: for a queue with a key it would allow any rule of the account to send, and any topic to use the key.
    resource.kmsMasterKeyId = key.key.keyArn;
    // How long SQS reuses a data key per sender: the longer, the cheaper, up to a day.
    resource.kmsDataKeyReusePeriodSeconds = Duration.hours(1).toSeconds();
  }
}

export type DeadLetterQueueProps = Omit<
  ShopQueueProps,
  'key' | 'kind' | 'retentionPeriod' | 'deadLetterQueue' | 'redriveAllowPolicy'
> & {
  /** What dead-letters into it: a queue (with its subscriptions and rules), or deliveries of subscriptions and rules alone. */
  from: 'queue' | 'deliveries';
};

/** A dead-letter queue, with the longest retention that SQS has, and without the stack's key. */
export class DeadLetterQueue extends ShopQueue {
  constructor(scope: Construct, id: string, { from, ...props }: DeadLetterQueueProps) {
    super(scope, id, {
      ...props,
      // From any queue of the account: a list would name the ARN of the queue that itself names this one's, and CloudFormation can create
      // neither first. SNS and EventBridge send as the queue's policy allows, whatever stands here.
      ...(from === 'queue' ? { redriveAllowPolicy: { redrivePermission: RedrivePermission.ALLOW_ALL } } : {}),
      // What cannot be encrypted for a queue goes to its dead-letter queue at once, so the same key there would lose it
      // (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
      key: undefined,
      kind: 'dead-letters',
      // A dead letter keeps its first timestamp, so its retention must exceed that of the queue it comes from.
      retentionPeriod: Duration.days(DEAD_LETTER_RETENTION_DAYS),
    });
    const reason = 'It is a dead-letter queue itself: what is in it waits for an operator, whom an alarm calls.';
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
  }
}
