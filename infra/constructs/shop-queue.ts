import { Duration, Validations } from 'aws-cdk-lib';
import { CfnQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ShopKey } from './shop-key.ts';

export type ShopQueueProps = Omit<QueueProps, 'encryption' | 'encryptionMasterKey' | 'dataKeyReuse' | 'enforceSSL'> & {
  /** @default SQS's own key */
  key: ShopKey | undefined;
};

/** A queue that takes nothing but TLS and keeps nothing in the clear. */
export class ShopQueue extends Queue {
  constructor(scope: Construct, id: string, { key, ...props }: ShopQueueProps) {
    super(scope, id, { ...props, enforceSSL: true, ...(key ? {} : { encryption: QueueEncryption.SQS_MANAGED }) });
    const resource = this.node.defaultChild;
    if (key === undefined || !(resource instanceof CfnQueue)) return;
    // Not told to CDK: for a queue with a key it would let any rule of the account send, and any topic use the key.
    resource.kmsMasterKeyId = key.keyArn;
    // How long SQS uses a data key before it asks for another, for each sender: the longer, the cheaper, up to a day.
    resource.kmsDataKeyReusePeriodSeconds = Duration.hours(1).toSeconds();
  }
}

/** A dead-letter queue: it keeps what it gets for as long as SQS keeps anything. */
export class DeadLetterQueue extends ShopQueue {
  constructor(scope: Construct, id: string, props: Omit<ShopQueueProps, 'retentionPeriod' | 'deadLetterQueue'>) {
    // A dead letter keeps its first timestamp, so it must be allowed to grow older than in the queue it comes from.
    super(scope, id, { ...props, retentionPeriod: Duration.days(14) });
    const reason = 'It is a dead-letter queue itself: what is in it waits for an operator, whom an alarm calls.';
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
  }
}
