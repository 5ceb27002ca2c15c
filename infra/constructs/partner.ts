import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, Grant, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterOrPolicy, type ITopic, SubscriptionFilter } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { catalog } from '../../contracts/catalog.ts';
import { QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import { contractsOn, eventPatterns } from '../filters.ts';
import { LIFECYCLE, PARTNER_RECEIVES, PARTNER_VISIBILITY_SECONDS, type PartnerSettings } from '../partner-settings.ts';
import type { Settings } from '../settings.ts';
import { type BusRule, busRules } from './bus-rules.ts';
import type { ShopKey } from './shop-key.ts';
import { DeadLetterQueue, HIGH_THROUGHPUT_FIFO, ShopQueue } from './shop-queue.ts';

export type PartnerProps = {
  /** The partner's name in the settings. */
  name: string;
  partner: PartnerSettings;
  bus: EventBus;
  /** The FIFO topic with every order's steps. */
  lifecycle: ITopic;
  settings: Pick<Settings, 'shop' | 'stage'>;
  /** @default keys that AWS owns */
  key: ShopKey | undefined;
};

/** What a reader of a queue needs; the batch forms of an action are the same action. */
const RECEIVING = [
  'ReceiveMessage',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'GetQueueAttributes',
  'GetQueueUrl',
].map((name) => `sqs:${name}`);

/**
 * A service outside the stack that reads events from a queue of its own. It gets the bare events it asked for and no probe of `ops verify`, and
 * may receive from that queue and nothing more; its dead letters are the operators'.
 *
 * Its queues go when the settings no longer name it, in a protected stage too: `npm run deploy` refuses that while they hold a message, and what
 * they held is in the archive.
 */
export class Partner extends Construct {
  readonly name: string;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** Bring it events of the bus; none for the lifecycle feed. */
  readonly rules: readonly BusRule[];

  constructor(scope: Construct, id: string, props: PartnerProps) {
    super(scope, id);
    const { name, partner, bus, lifecycle, key } = props;
    const { events } = partner;
    this.name = name;
    const queueProps = {
      ...(events === LIFECYCLE ? HIGH_THROUGHPUT_FIFO : {}),
      removalPolicy: RemovalPolicy.DESTROY,
    };
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue', { ...queueProps, from: 'queue' });
    this.queue = new ShopQueue(this, 'Queue', {
      ...queueProps,
      key,
      kind: 'partner',
      visibilityTimeout: Duration.seconds(PARTNER_VISIBILITY_SECONDS),
      // As a consumer's: shorter than that of the dead-letter queue, in which a letter keeps its first timestamp.
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: PARTNER_RECEIVES },
    });
    const { queue, deadLetterQueue } = this;
    if (events === LIFECYCLE) {
      lifecycle.addSubscription(this.subscription());
      this.rules = [];
    } else {
      const patterns = eventPatterns(catalog.filter(({ type }) => events.includes(type)));
      this.rules = busRules(this, { bus, patterns, queue, deadLetterQueue });
    }
    const policy = this.receivePolicy(props);
    if (partner.account !== undefined) this.allowAccount(partner.account, key);
    this.publishNames(props.settings, policy);
  }

  /** Subscribes to the events by their types, so that no probe passes. */
  private subscription(): SqsSubscription {
    const allowlist = contractsOn(LIFECYCLE, catalog).map(({ type }) => type);
    return new SqsSubscription(this.queue, {
      rawMessageDelivery: true,
      deadLetterQueue: this.deadLetterQueue,
      filterPolicyWithMessageBody: { type: FilterOrPolicy.filter(SubscriptionFilter.stringFilter({ allowlist })) },
    });
  }

  /** Makes the policy that the roles of the service are given: to receive from its queue, and nothing more. */
  private receivePolicy({ name, settings, key }: PartnerProps): ManagedPolicy {
    const policy = new ManagedPolicy(this, 'Policy', {
      description: `Receive from the queue of partner ${name} of ${settings.shop} (${settings.stage}), and nothing more`,
    });
    Grant.addToPrincipal({ grantee: policy, actions: RECEIVING, resourceArns: [this.queue.queueArn] });
    key?.grantUse(policy, 'sqs', 'Decrypt');
    return policy;
  }

  /**
   * Lets another account receive, which decides in its own IAM which of its roles may. With a key that exists (`keyArn`), the owner of the key
   * has to allow `kms:Decrypt` to that account in the key's policy.
   */
  private allowAccount(account: string, key: ShopKey | undefined): void {
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new AccountPrincipal(account)],
        actions: RECEIVING,
        resources: [this.queue.queueArn],
      }),
    );
    key?.allowAccount(account, 'sqs', 'Decrypt');
  }

  /** Publishes what the service's deployment looks up, as outputs (`PartnerCrmQueueUrl`) and as parameters (`…/partner-crm-queue-url`). */
  private publishNames({ shop, stage }: PartnerProps['settings'], policy: ManagedPolicy): void {
    const names = {
      QueueUrl: ['queue-url', this.queue.queueUrl],
      DeadLetterQueueUrl: ['dead-letter-queue-url', this.deadLetterQueue.queueUrl],
      PolicyArn: ['policy-arn', policy.managedPolicyArn],
    } as const;
    for (const [output, [parameter, value]] of Object.entries(names)) {
      new CfnOutput(Stack.of(this), `${this.node.id}${output}`, { value });
      new StringParameter(this, parameter, {
        parameterName: `/${shop}/${stage}/partner-${this.name}-${parameter}`,
        stringValue: value,
      });
    }
  }
}
