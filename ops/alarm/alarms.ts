import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import type { DeployedShop } from '../stack.ts';

/** An alarm of the shop, without the common prefix in its name; `topics` are those that its ALARM state notifies. */
export type AlarmStatus = { name: string; state: StateValue; since: string; description: string; topics: string[] };

const prefixOf = (shop: DeployedShop) => `${shop.output('EventBusName')}-`;

/** Reads the shop's alarms, those in ALARM first, then by name. */
export async function listAlarms(shop: DeployedShop, client: CloudWatchClient): Promise<AlarmStatus[]> {
  const AlarmNamePrefix = prefixOf(shop);
  const found: AlarmStatus[] = [];
  for await (const page of paginateDescribeAlarms({ client }, { AlarmNamePrefix, AlarmTypes: ['MetricAlarm'] })) {
    found.push(...(page.MetricAlarms ?? []).map((alarm) => toAlarmStatus(alarm, AlarmNamePrefix)));
  }
  const rank = ({ state }: AlarmStatus) => ['ALARM', 'INSUFFICIENT_DATA', 'OK'].indexOf(state);
  return found.sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
}

/** Reads one alarm by its name, with or without the common prefix. Throws where there is none. */
export async function findAlarm(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<AlarmStatus> {
  const prefix = prefixOf(shop);
  const fullName = name.startsWith(prefix) ? name : `${prefix}${name}`;
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [fullName] }));
  const [alarm] = MetricAlarms;
  if (alarm !== undefined) return toAlarmStatus(alarm, prefix);
  throw new Error(`There is no alarm ${name}: \`npm run ops -- alarm list\` shows them.`);
}

/** Sets an alarm's state, which runs the actions of that state; `name` is without the prefix. */
export async function setAlarmState(
  shop: DeployedShop,
  client: CloudWatchClient,
  name: string,
  state: StateValue,
  reason: string,
) {
  await client.send(
    new SetAlarmStateCommand({ AlarmName: `${prefixOf(shop)}${name}`, StateValue: state, StateReason: reason }),
  );
}

const toAlarmStatus = (alarm: MetricAlarm, prefix: string): AlarmStatus => ({
  name: (alarm.AlarmName ?? '').slice(prefix.length),
  state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
  since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? new Date(0)).toISOString(),
  description: alarm.AlarmDescription ?? '',
  topics: alarm.ActionsEnabled === false ? [] : (alarm.AlarmActions ?? []),
});
