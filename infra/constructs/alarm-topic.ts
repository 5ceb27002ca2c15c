import { Duration, SecretValue, Stack, Validations } from 'aws-cdk-lib';
import type { Alarm, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  BackoffFunction,
  FilterOrPolicy,
  type ITopic,
  Subscription,
  SubscriptionFilter,
  SubscriptionProtocol,
  Topic,
} from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { type AlarmSeverity, SEVERITY_LABELS } from '../alarm-severity.ts';
import type { AlarmTarget } from '../alarm-targets.ts';
import type { Settings } from '../settings.ts';
import type { ShopKey } from './shop-key.ts';

export type AlarmTopicProps = {
  settings: Pick<Settings, 'alarmEmail' | 'alarmTopicArn' | 'alarmTargets'>;
  key: ShopKey | undefined;
};

/** The topic that alarms are sent to, with the targets of the settings: subscribers of it, or topics of their own beside it. */
export class AlarmTopic {
  readonly topic: ITopic;
  /** The topics of targets that have one, with the severity that they want. */
  private readonly others: readonly { topic: ITopic; severity: AlarmSeverity | undefined }[];

  constructor(scope: Construct, id: string, { settings, key }: AlarmTopicProps) {
    const { alarmEmail: email, alarmTopicArn, alarmTargets } = settings;
    this.topic =
      alarmTopicArn === undefined
        ? new Topic(scope, id, { enforceSSL: true, ...(key === undefined ? {} : { masterKey: key.key }) })
        : Topic.fromTopicArn(scope, id, alarmTopicArn);
    // In the policy of the key too; a topic that exists has its own.
    this.topic.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
      }),
    );
    if (email !== undefined) acknowledge(this.topic.addSubscription(new EmailSubscription(email)));
    const targets = Object.entries(alarmTargets);
    for (const [name, target] of targets) this.subscribe(scope, `AlarmTarget-${name}`, target);
    this.others = targets.flatMap(([name, { topicArn, severity }]) =>
      topicArn === undefined ? [] : [{ topic: Topic.fromTopicArn(scope, `AlarmTarget-${name}`, topicArn), severity }],
    );
  }

  /** Has an alarm notify when it goes off, and where `whenOver`, when it is over. */
  notify(alarm: Alarm | CompositeAlarm, severity: AlarmSeverity, { whenOver }: { whenOver: boolean }): void {
    const others = this.others.filter((one) => one.severity === undefined || one.severity === severity);
    const actions = [this.topic, ...others.map(({ topic }) => topic)].map((topic) => new SnsAction(topic));
    alarm.addAlarmAction(...actions);
    if (whenOver) alarm.addOkAction(...actions);
  }

  private subscribe(scope: Construct, id: string, { severity, email, webhook, webhookSecret }: AlarmTarget): void {
    const endpoint = email ?? webhook ?? (webhookSecret && SecretValue.secretsManager(webhookSecret).unsafeUnwrap());
    if (endpoint === undefined) return;
    const protocol = webhook?.startsWith('http:') ? SubscriptionProtocol.HTTP : SubscriptionProtocol.HTTPS;
    acknowledge(
      new Subscription(scope, id, {
        topic: this.topic,
        endpoint,
        ...(email === undefined ? { protocol, deliveryPolicy: PATIENT } : { protocol: SubscriptionProtocol.EMAIL }),
        ...(severity === undefined ? {} : { filterPolicyWithMessageBody: only(severity) }),
      }),
    );
  }
}

/** Tries a webhook again for most of an hour, which is the longest that SNS does, instead of for a minute. */
const PATIENT = {
  healthyRetryPolicy: {
    numRetries: 25,
    minDelayTarget: Duration.seconds(10),
    maxDelayTarget: Duration.minutes(3),
    backoffFunction: BackoffFunction.EXPONENTIAL,
  },
};

/** The messages of alarms of one severity: SNS reads it off the description. */
const only = (severity: AlarmSeverity) => ({
  AlarmDescription: FilterOrPolicy.filter(
    SubscriptionFilter.stringFilter({ matchPrefixes: [SEVERITY_LABELS[severity]] }),
  ),
});

function acknowledge(subscription: Subscription): void {
  Validations.of(subscription).acknowledge({
    id: 'Serverless-SNSRedrivePolicy',
    reason:
      'An alarm that no message tells of still stands in `ops alarm list`; a queue of old alarms would help nobody.',
  });
}
