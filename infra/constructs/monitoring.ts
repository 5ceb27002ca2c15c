import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { ShopAlarm } from './alarm.ts';
import { shopAlarms } from './alarms.ts';
import { ShopDashboard } from './dashboard.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { ShopKey } from './shop-key.ts';

export type MonitoringProps = MonitoredResources & {
  settings: Pick<Settings, 'name' | 'alarmEmail' | 'alarmTopicArn'>;
  key: ShopKey | undefined;
};

/** Monitoring for operators: a dashboard, and alarms on what customers feel, with a topic that they are sent to. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { settings, key, ...monitored }: MonitoringProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const { name } = settings;
    const topic = this.alarmTopic(settings, key);
    const alarms = shopAlarms(monitored).map((props) => {
      const alarm = new ShopAlarm(this, props.name, { ...props, prefix: name });
      alarm.addAlarmAction(new SnsAction(topic));
      return alarm;
    });
    new ShopDashboard(this, 'Dashboard', { ...monitored, alarms, name });
    new CfnOutput(stack, 'AlarmTopicArn', { value: topic.topicArn });
  }

  private alarmTopic(
    { alarmEmail: email, alarmTopicArn }: MonitoringProps['settings'],
    key: ShopKey | undefined,
  ): ITopic {
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    const topic =
      alarmTopicArn === undefined
        ? new Topic(this, 'Alarms', { enforceSSL: true, ...(key === undefined ? {} : { masterKey: key.key }) })
        : Topic.fromTopicArn(this, 'Alarms', alarmTopicArn);
    // In the policy of the key too; a topic that exists has its own.
    topic.grantPublish(cloudWatch);
    if (email !== undefined) {
      Validations.of(topic.addSubscription(new EmailSubscription(email))).acknowledge({
        id: 'Serverless-SNSRedrivePolicy',
        reason:
          'An alarm that no e-mail tells of still stands in `ops alarm list`; a queue of old alarms would help nobody.',
      });
    }
    return topic;
  }
}
