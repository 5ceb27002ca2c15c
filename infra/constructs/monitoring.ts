import { CfnOutput, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { ConsumerName } from '../routing.ts';
import type { Settings } from '../settings.ts';
import { ShopAlarm } from './alarm.ts';
import { alarmsOf } from './alarms.ts';
import type { Archive } from './archive.ts';
import type { Consumer } from './consumer.ts';
import { ShopDashboard } from './dashboard.ts';
import type { Sweep } from './sweep.ts';

export type Monitored = {
  consumers: Readonly<Record<ConsumerName, Consumer>>;
  sweep: Sweep;
  archive: Archive;
  orders: ITopic;
  lifecycle: ITopic;
  bus: EventBus;
};

export type MonitoringProps = Monitored & { settings: Pick<Settings, 'stage' | 'alarmEmail'> };

/** What tells operators how the shop's messaging is: a dashboard, and alarms on what hurts, with a topic that they go to. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { settings, ...monitored }: MonitoringProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const name = `${stack.stackName}-${settings.stage}`;
    const topic = this.alarmTopic(settings.alarmEmail);
    const alarms = alarmsOf(monitored).map((props) => {
      const alarm = new ShopAlarm(this, props.name, { ...props, prefix: name });
      alarm.addAlarmAction(new SnsAction(topic));
      return alarm;
    });
    new ShopDashboard(this, 'Dashboard', { ...monitored, alarms, name });
    new CfnOutput(stack, 'AlarmTopicArn', { value: topic.topicArn });
  }

  private alarmTopic(email: string | undefined): Topic {
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    // With the key that AWS keeps for topics CloudWatch could not publish: its policy cannot be changed.
    const key = new Key(this, 'Key', { description: 'Encrypts what alarms say', enableKeyRotation: true });
    key.grant(cloudWatch, 'kms:Decrypt', 'kms:GenerateDataKey*');
    const topic = new Topic(this, 'Alarms', { enforceSSL: true, masterKey: key });
    topic.grantPublish(cloudWatch);
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }
}
