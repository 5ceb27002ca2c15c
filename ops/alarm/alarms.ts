import {
  type CloudWatchClient,
  type CompositeAlarm,
  DescribeAlarmsCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import { type AlarmSeverity, severityOf } from '../../infra/alarm-severity.ts';
import type { DeployedShop } from '../stack.ts';

/** An alarm of the shop, without the common prefix in its name. */
export type AlarmStatus = {
  name: string;
  /** `undefined` of an alarm from a version that gave it none. */
  severity: AlarmSeverity | undefined;
  state: StateValue;
  since: string;
  description: string;
  /** The topics that its ALARM state notifies. */
  topics: string[];
  /** The alarms that set it off; of an alarm on a metric none. */
  children: string[];
};

const AlarmTypes: ('MetricAlarm' | 'CompositeAlarm')[] = ['CompositeAlarm', 'MetricAlarm'];

const prefixOf = (shop: DeployedShop) => `${shop.output('EventBusName')}-`;

/** Reads the shop's alarms: those on other alarms first, then those in ALARM, the critical ones before the others, then by name. */
export async function listAlarms(shop: DeployedShop, client: CloudWatchClient): Promise<AlarmStatus[]> {
  const AlarmNamePrefix = prefixOf(shop);
  const found: AlarmStatus[] = [];
  for await (const page of paginateDescribeAlarms({ client }, { AlarmNamePrefix, AlarmTypes })) {
    const alarms = [...(page.CompositeAlarms ?? []), ...(page.MetricAlarms ?? [])];
    found.push(...alarms.map((alarm) => toAlarmStatus(alarm, AlarmNamePrefix)));
  }
  const rank = ({ children, state, severity }: AlarmStatus) => [
    children.length > 0 ? 0 : 1,
    ['ALARM', 'INSUFFICIENT_DATA', 'OK'].indexOf(state),
    severity === 'critical' ? 0 : 1,
  ];
  return found.sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    const at = first.findIndex((value, index) => value !== second[index]);
    return at === -1 ? (one.name < other.name ? -1 : 1) : (first[at] ?? 0) - (second[at] ?? 0);
  });
}

/** Finds an alarm by its name, with or without the common prefix. Throws where there is none. */
export function findAlarm(shop: DeployedShop, alarms: readonly AlarmStatus[], name: string): AlarmStatus {
  const prefix = prefixOf(shop);
  const shortName = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const alarm = alarms.find((one) => one.name === shortName);
  if (alarm !== undefined) return alarm;
  throw new Error(`There is no alarm ${name}: \`npm run ops -- alarm list\` shows them.`);
}

/** Reads the state of one alarm, by its name without the prefix. */
export async function readState(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<StateValue> {
  const AlarmNames = [`${prefixOf(shop)}${name}`];
  const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames, AlarmTypes }),
  );
  return [...MetricAlarms, ...CompositeAlarms][0]?.StateValue ?? 'INSUFFICIENT_DATA';
}

/** Finds the alarm that tells of another one: itself, or the one on alarms that it sets off. `undefined` where none does. */
export function tellerOf(alarms: readonly AlarmStatus[], alarm: AlarmStatus): AlarmStatus | undefined {
  if (alarm.topics.length > 0) return alarm;
  const parents = alarms.filter(({ children }) => children.includes(alarm.name));
  return parents.map((parent) => tellerOf(alarms, parent)).find((teller) => teller !== undefined);
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

const toAlarmStatus = (alarm: MetricAlarm & CompositeAlarm, prefix: string): AlarmStatus => ({
  name: (alarm.AlarmName ?? '').slice(prefix.length),
  severity: severityOf(alarm.AlarmDescription ?? ''),
  state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
  since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? new Date(0)).toISOString(),
  description: alarm.AlarmDescription ?? '',
  topics: alarm.ActionsEnabled === false ? [] : (alarm.AlarmActions ?? []),
  children: [...(alarm.AlarmRule ?? '').matchAll(/:alarm:([^"]+)"/g)].map(([, name = '']) => name.slice(prefix.length)),
});
