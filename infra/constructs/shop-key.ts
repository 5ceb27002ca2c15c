import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * Encrypts a stack's topics, queues, tables, archive and logs; AWS rotates its material every year. Roles are granted its use with `grantUse`;
 * the services that carry messages are in the key's own policy, each for this stack or account only.
 */
export class ShopKey extends Key {
  constructor(scope: Construct, id: string, { removalPolicy }: { removalPolicy: RemovalPolicy }) {
    super(scope, id, {
      description: `Encrypts the topics, queues, tables and logs of ${Stack.of(scope).stackName}`,
      enableKeyRotation: true,
      removalPolicy,
      ...(removalPolicy === RemovalPolicy.DESTROY ? { pendingWindow: Duration.days(7) } : {}),
    });
    // For publishers in other accounts, whose own policies must name it.
    new CfnOutput(Stack.of(this), 'KeyArn', { value: this.keyArn });
    const { partition, region, account, stackName } = Stack.of(this);
    // By pattern, because the resources depend on this key; CloudFormation's names begin with the stack's.
    const ours = (service: string, rest = '') =>
      `arn:${partition}:${service}:${region}:${account}:${rest}${stackName}-*`;
    // A topic delivers to a queue.
    this.grantService('sns', ['Decrypt', 'GenerateDataKey'], { ArnLike: { 'aws:SourceArn': ours('sns') } });
    // A rule delivers to a queue; which rule to which queue, the queue's policy says.
    this.grantService('events', ['Decrypt', 'GenerateDataKey'], { StringEquals: { 'aws:SourceAccount': account } });
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    this.grantService(`logs.${region}`, ['Encrypt', 'Decrypt', 'ReEncrypt*', 'GenerateDataKey*', 'DescribeKey'], {
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': ours('logs', 'log-group:') },
    });
  }

  /** Grants the use of the key through a service on the grantee's behalf, and not directly. */
  grantUse(
    grantee: IGrantable,
    service: 'dynamodb' | 's3' | 'sns' | 'sqs',
    ...operations: ('Decrypt' | 'GenerateDataKey')[]
  ): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: operations.map((name) => `kms:${name}`),
      resourceArns: [this.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${Stack.of(this).region}.amazonaws.com` } },
    });
  }

  private grantService(service: string, operations: readonly string[], conditions: Record<string, unknown>): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
        actions: operations.map((name) => `kms:${name}`),
        resources: ['*'],
        conditions,
      }),
    );
  }
}
