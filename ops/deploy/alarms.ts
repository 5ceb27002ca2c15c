import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { AwsTarget } from '../aws-target.ts';
import type { Template } from './template.ts';

/** The alarms that CloudFormation can monitor during a deployment, and why the others are left out. */
export type WatchedAlarms = { arns: string[]; leftOut: string[] };

type NamedAlarm = { name: string; problem?: string };

/**
 * Finds the alarms to roll a deployment back on, by their logical ids. Leaves out what would make every deployment fail: an alarm that
 * does not exist, that this deployment removes or renames, or that is already in the state ALARM.
 */
export async function findWatchedAlarms(
  { config }: AwsTarget,
  templates: { deployed: Template; next: Template },
  logicalIds: readonly string[],
): Promise<WatchedAlarms> {
  const named = nameAlarms(templates, logicalIds);
  const AlarmNames = named.flatMap(({ name, problem }) => (problem === undefined ? [name] : []));
  const { MetricAlarms = [] } =
    AlarmNames.length === 0
      ? {}
      : await new CloudWatchClient(config).send(new DescribeAlarmsCommand({ AlarmNames, AlarmTypes: ['MetricAlarm'] }));
  const result: WatchedAlarms = { arns: [], leftOut: [] };
  for (const { name, problem } of named) {
    const alarm = MetricAlarms.find(({ AlarmName }) => AlarmName === name);
    const obstacle = problem ?? (alarm?.StateValue === 'ALARM' ? 'it is in the state ALARM' : undefined);
    if (obstacle === undefined && alarm?.AlarmArn !== undefined) result.arns.push(alarm.AlarmArn);
    else result.leftOut.push(`${name}: ${obstacle ?? 'it does not exist'}`);
  }
  return result;
}

/** Names the deployed alarms; an alarm that disappears while it is monitored rolls the deployment back. */
export function nameAlarms(
  { deployed, next }: { deployed: Template; next: Template },
  logicalIds: readonly string[],
): NamedAlarm[] {
  return logicalIds.map((logicalId) => {
    const name = alarmName(deployed, logicalId);
    if (name === undefined) return { name: logicalId, problem: 'it is not deployed yet' };
    const nextName = alarmName(next, logicalId);
    if (nextName === name) return { name };
    return {
      name,
      problem: nextName === undefined ? 'this deployment removes it' : `this deployment renames it to ${nextName}`,
    };
  });
}

function alarmName({ Resources }: Template, logicalId: string): string | undefined {
  const name = Resources[logicalId]?.Properties?.AlarmName;
  return typeof name === 'string' ? name : undefined;
}
