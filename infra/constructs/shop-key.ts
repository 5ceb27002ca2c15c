import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountPrincipal, Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** The key of a stack, with its use through the services that the stack uses it with. */
export class ShopKey {
  readonly key: IKey;
  private readonly stack: Stack;

  constructor(key: IKey, stack: Stack) {
    this.key = key;
    this.stack = stack;
  }

  /** Grants the use of the key through a service on the grantee's behalf, and not directly. */
  grantUse(grantee: IGrantable, service: UsingService, ...operations: Operation[]): Grant {
    return Grant.addToPrincipal({ grantee, resourceArns: [this.key.keyArn], ...this.use(service, operations) });
  }

  /**
   * Lets the roles of another account use the key in the same way, as far as that account's own IAM does. That stands in the key's policy, so
   * for a key that exists its owner has to say it there.
   */
  allowAccount(account: string, service: UsingService, ...operations: Operation[]): void {
    const principals = [new AccountPrincipal(account)];
    this.key.addToResourcePolicy(
      new PolicyStatement({ principals, resources: ['*'], ...this.use(service, operations) }),
    );
  }

  private use(service: UsingService, operations: readonly Operation[]) {
    return {
      actions: operations.map((name) => `kms:${name}`),
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${this.stack.region}.amazonaws.com` } },
    };
  }
}

type UsingService = 'dynamodb' | 's3' | 'sns' | 'sqs';
type Operation = 'Decrypt' | 'GenerateDataKey';

export type ShopKeyProps = {
  settings: Pick<Settings, 'encryption' | 'keyArn' | 'ordersTopicArn'>;
  removalPolicy: RemovalPolicy;
};

/** Creates the stack's key, or takes the existing one of the settings; `undefined` where AWS's own keys encrypt. */
export function shopKey(stack: Stack, id: string, { settings, removalPolicy }: ShopKeyProps): ShopKey | undefined {
  if (settings.encryption !== 'customer') return undefined;
  const { keyArn, ordersTopicArn } = settings;
  const key =
    keyArn === undefined ? createKey(stack, id, { removalPolicy, ordersTopicArn }) : Key.fromKeyArn(stack, id, keyArn);
  // For publishers in other accounts, whose own policies must name it.
  new CfnOutput(stack, 'KeyArn', { value: key.keyArn });
  return new ShopKey(key, stack);
}

/**
 * Creates a key for a stack's topics, queues, tables, archive and logs; AWS rotates its material every year. Roles are granted its use with
 * `grantUse`; the services that carry messages are in the key's own policy, each for this stack only where AWS promises to say which it is.
 */
function createKey(
  scope: Construct,
  id: string,
  { removalPolicy, ordersTopicArn }: { removalPolicy: RemovalPolicy; ordersTopicArn: string | undefined },
): Key {
  const { partition, region, account, stackName } = Stack.of(scope);
  const key = new Key(scope, id, {
    description: `Encrypts the topics, queues, tables and logs of ${stackName}`,
    enableKeyRotation: true,
    removalPolicy,
    ...(removalPolicy === RemovalPolicy.DESTROY ? { pendingWindow: Duration.days(7) } : {}),
  });
  // By pattern, because the resources depend on this key; CloudFormation's names begin with the stack's.
  const ours = (service: string, rest = '') => `arn:${partition}:${service}:${region}:${account}:${rest}${stackName}-*`;
  const topics = ordersTopicArn === undefined ? ours('sns') : [ours('sns'), ordersTopicArn];
  // A topic delivers to a queue.
  grantService(key, 'sns', ['Decrypt', 'GenerateDataKey'], { ArnLike: { 'aws:SourceArn': topics } });
  // A rule delivers to a queue. AWS's statement for that has no condition, and no page promises what EventBridge would fulfil: one that it does
  // not would lose every outcome (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html). None is needed: the policy of each
  // queue names the rules that may send to it, and whoever has EventBridge encrypt for a queue of their own with this key cannot decrypt that.
  grantService(key, 'events', ['Decrypt', 'GenerateDataKey']);
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  grantService(key, `logs.${region}`, ['Encrypt', 'Decrypt', 'ReEncrypt*', 'GenerateDataKey*', 'DescribeKey'], {
    ArnLike: { 'kms:EncryptionContext:aws:logs:arn': ours('logs', 'log-group:') },
  });
  return key;
}

function grantService(
  key: Key,
  service: string,
  operations: readonly string[],
  conditions: Record<string, unknown> = {},
): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`${service}.amazonaws.com`)],
      actions: operations.map((name) => `kms:${name}`),
      resources: ['*'],
      conditions,
    }),
  );
}
