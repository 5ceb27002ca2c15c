import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { ShopAlarm } from './alarm.ts';
import { shopAlarms } from './alarms.ts';
import { ShopDashboard } from './dashboard.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { ShopKey } from './shop-key.ts';

export type MonitoringProps = MonitoredResources & {
  settings: Pick<Settings, 'stage' | 'alarmEmail'>;
  key: ShopKey | undefined;
};

/** Monitoring for operators: a dashboard, and alarms on what customers feel, with a topic that they are sent to. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { settings, key, ...monitored }: MonitoringProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const name = `${stack.stackName}-${settings.stage}`;
    const topic = this.alarmTopic(settings.alarmEmail, key);
    const alarms = shopAlarms(monitored).map((props) => {
      const alarm = new ShopAlarm(this, props.name, { ...props, prefix: name });
      alarm.addAlarmAction(new SnsAction(topic));
      return alarm;
    });
    new ShopDashboard(this, 'Dashboard', { ...monitored, alarms, name });
    new CfnOutput(stack, 'AlarmTopicArn', { value: topic.topicArn });
  }

  private alarmTopic(email: string | undefined, key: ShopKey | undefined): Topic {
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    const topic = new Topic(this, 'Alarms', { enforceSSL: true, ...(key === undefined ? {} : { masterKey: key }) });
    // In the policy of the key too.
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
