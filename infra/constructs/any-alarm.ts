import { Token } from 'aws-cdk-lib';
import { AlarmRule, CompositeAlarm, type IAlarm, type IAlarmRule } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { chunkBySize } from '../../lambdas/runtime/chunk.ts';
import type { AlarmSeverity } from '../alarm-severity.ts';
import { describeAlarm, type ShopAlarmProps } from './alarm.ts';

/** An alarm with its name, which is a token in the construct. */
export type NamedAlarm = { name: string; alarm: IAlarm };

export type AnyAlarmProps = Pick<ShopAlarmProps, 'kind' | 'severity' | 'impact' | 'cause' | 'firstCommand'> & {
  /** Its whole name. */
  name: string;
  /** The alarms that set it off. */
  alarms: readonly NamedAlarm[];
};

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
const MAX_CHILDREN = 100;
const MAX_RULE = 10_240;
/** `ALARM("arn:aws-us-gov:cloudwatch:ap-southeast-2:111122223333:alarm:…") OR `, without the name. */
const AROUND_NAME = 80;

/** An alarm that is in ALARM as long as any of others is; through parts of it where they are more than one rule can name. */
export class AnyAlarm extends Construct {
  readonly severity: AlarmSeverity;
  readonly alarm: CompositeAlarm;

  constructor(scope: Construct, id: string, { name, alarms, ...described }: AnyAlarmProps) {
    super(scope, id);
    this.severity = described.severity;
    const parts = fitRules(alarms);
    const composite = (
      partId: string,
      compositeAlarmName: string,
      alarmDescription: string,
      of: readonly NamedAlarm[],
    ) => new CompositeAlarm(this, partId, { compositeAlarmName, alarmDescription, alarmRule: anyOf(of) });
    const children =
      parts.length === 1
        ? alarms
        : parts.map((part, index) => {
            const partName = `${name}-part-${index + 1}`;
            return { name: partName, alarm: composite(`Part${index + 1}`, partName, `A part of ${name}.`, part) };
          });
    this.alarm = composite('Alarm', name, describeAlarm(described), children);
  }
}

/** Divides alarms into as few groups as fit into one rule each. */
export const fitRules = <T extends { name: string }>(alarms: readonly T[]): T[][] =>
  chunkBySize(alarms, { maxItems: MAX_CHILDREN, maxBytes: MAX_RULE, bytesOf: ({ name }) => name.length + AROUND_NAME });

/** Writes a rule without the parentheses of `AlarmRule.anyOf`, which LocalStack does not read. */
function anyOf(alarms: readonly NamedAlarm[]): IAlarmRule {
  if (alarms.length === 0) return AlarmRule.fromBoolean(false);
  return {
    renderAlarmRule: () => alarms.map(({ alarm }) => `ALARM("${Token.asString(alarm.alarmArn)}")`).join(' OR '),
  };
}
