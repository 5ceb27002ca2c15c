import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { ShopAlarm } from './alarm.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { shopAlarms } from './alarms.ts';
import { AnyAlarm } from './any-alarm.ts';
import { ShopDashboard } from './dashboard.ts';
import type { MonitoredResources } from './monitored-resources.ts';
import type { ShopKey } from './shop-key.ts';
import { shopWideAlarms } from './shop-wide-alarms.ts';

export type MonitoringProps = MonitoredResources & {
  settings: Pick<
    Settings,
    'name' | 'alarmEmail' | 'alarmTopicArn' | 'alarmTargets' | 'alarmNoOrdersMinutes' | 'alarmSmsSpend'
  >;
  key: ShopKey | undefined;
};

/**
 * Monitoring for operators: a dashboard, and alarms on what customers feel, with a topic that they are sent to. What comes in numbers, when
 * the shop is ill and when there are dead letters, is told once, by an alarm on all of these; every other alarm tells of itself.
 */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { settings, key, ...monitored }: MonitoringProps) {
    super(scope, id);
    const { name } = settings;
    const topic = new AlarmTopic(this, 'Alarms', { settings, key });
    const alarms = [...shopAlarms(monitored), ...shopWideAlarms(settings)].map((props) => ({
      ...props,
      name: `${name}-${props.name}`,
      alarm: new ShopAlarm(this, props.name, { ...props, prefix: name }),
    }));
    const isIll = ({ letters, severity }: (typeof alarms)[number]) => letters === undefined && severity === 'critical';
    const ill = new AnyAlarm(this, 'shop-ill', {
      name: `${name}-shop-ill`,
      kind: 'shop-ill',
      severity: 'critical',
      impact: 'Orders stop, are late or go wrong until somebody acts.',
      cause: 'An alarm that says so went off; further ones of the same illness are not told.',
      firstCommand: 'alarm list',
      alarms: alarms.filter(isIll),
    });
    const lettersAre = { kind: 'dead-letters', severity: 'warning', firstCommand: 'dlq list' } as const;
    const letters = new AnyAlarm(this, 'letters', {
      ...lettersAre,
      name: `${name}-letters`,
      impact: 'Some orders wait until somebody has looked at their messages.',
      cause: 'Dead letters lie in a queue.',
      alarms: alarms.filter((one) => one.letters === 'lying'),
    });
    const newLetters = new AnyAlarm(this, 'new-letters', {
      ...lettersAre,
      name: `${name}-new-letters`,
      impact: 'Some more orders wait until somebody has looked at their messages.',
      cause: 'A function has just given up messages.',
      alarms: alarms.filter((one) => one.letters === 'made'),
    });
    for (const { alarm, severity } of [ill, letters]) topic.notify(alarm, severity, { whenOver: true });
    // It is over minutes after the last new letter, which says nothing about them.
    topic.notify(newLetters.alarm, newLetters.severity, { whenOver: false });
    for (const one of alarms) {
      if (one.letters === undefined && !isIll(one)) topic.notify(one.alarm, one.severity, { whenOver: true });
    }
    const all = [ill, letters, newLetters, ...alarms].map(({ alarm }) => alarm);
    new ShopDashboard(this, 'Dashboard', { ...monitored, alarms: all, name });
    new CfnOutput(Stack.of(this), 'AlarmTopicArn', { value: topic.topic.topicArn });
  }
}
