import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, Grant, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { paymentReceived } from '../../contracts/payment.ts';
import type { Settings } from '../settings.ts';
import { grantPutEvents } from './put-events.ts';
import type { ShopKey } from './shop-key.ts';

export type PublishersProps = {
  /** The topic that existing services publish on. */
  orders: ITopic;
  /** The FIFO topic that other teams may subscribe to. */
  lifecycle: ITopic;
  bus: EventBus;
  /** The key of the orders topic. @default none, or one that its publishers can use already */
  key: ShopKey | undefined;
  settings: Pick<Settings, 'shop' | 'stage' | 'publisherAccounts'>;
};

/**
 * Equips existing services to publish: a policy to attach to their roles, and names to look up. Names contain the stack and the
 * stage, or are left to CloudFormation, so that stages can share an account.
 */
export class Publishers extends Construct {
  constructor(scope: Construct, id: string, props: PublishersProps) {
    super(scope, id);
    const { orders, lifecycle, bus, key, settings } = props;
    const stack = Stack.of(this);
    // The orders topic and nothing else: on the bus the stack's own functions publish, and their events are trusted. The names below are
    // looked up by the service's deployment, so its role needs no permission for that either.
    const policy = new ManagedPolicy(this, 'PublishPolicy', {
      description: `Publish on the orders topic of ${settings.shop} (${settings.stage}), and nothing more`,
    });
    // Not `grantPublish`, which would allow the key's use for anything.
    Grant.addToPrincipal({ grantee: policy, actions: ['sns:Publish'], resourceArns: [orders.topicArn] });
    key?.grantUse(policy, 'sns', 'Decrypt', 'GenerateDataKey');
    const reporterPolicy = this.reporterPolicy(props);

    // An account named here still decides in its own IAM which of its roles may publish.
    for (const account of settings.publisherAccounts) {
      const principals = [new AccountPrincipal(account)];
      orders.addToResourcePolicy(
        new PolicyStatement({ principals, actions: ['sns:Publish'], resources: [orders.topicArn] }),
      );
      key?.allowAccount(account, 'sns', 'Decrypt', 'GenerateDataKey');
    }

    const names = {
      'orders-topic-arn': orders.topicArn,
      'order-lifecycle-topic-arn': lifecycle.topicArn,
      'event-bus-name': bus.eventBusName,
      'publish-policy-arn': policy.managedPolicyArn,
      'payment-reporter-policy-arn': reporterPolicy.managedPolicyArn,
    };
    for (const [name, stringValue] of Object.entries(names)) {
      new StringParameter(this, name, {
        parameterName: `/${settings.shop}/${settings.stage}/${name}`,
        stringValue,
      });
    }
    new CfnOutput(stack, 'PublishPolicyArn', { value: policy.managedPolicyArn });
    new CfnOutput(stack, 'PaymentReporterPolicyArn', { value: reporterPolicy.managedPolicyArn });
  }

  /** Lets whoever sees payments arrive (a bank's feed, a courier's settlement) put that one event on the bus, under its one source. */
  private reporterPolicy({ bus, settings }: PublishersProps): ManagedPolicy {
    const policy = new ManagedPolicy(this, 'PaymentReporterPolicy', {
      description: `Report received payments to ${settings.shop} (${settings.stage}), and nothing more`,
    });
    grantPutEvents(bus, policy, [paymentReceived]);
    return policy;
  }
}
