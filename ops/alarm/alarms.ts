import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import type { DeployedShop } from '../stack.ts';

/** One alarm of the shop, called without what all of them begin with. */
export type ShopAlarm = { name: string; state: StateValue; since: string; description: string; topics: string[] };

const prefixOf = (shop: DeployedShop) => `${shop.output('EventBusName')}-`;

/** Gives the shop's alarms: what is wrong first, then by name. */
export async function alarms(shop: DeployedShop, client: CloudWatchClient): Promise<ShopAlarm[]> {
  const AlarmNamePrefix = prefixOf(shop);
  const found: ShopAlarm[] = [];
  for await (const page of paginateDescribeAlarms({ client }, { AlarmNamePrefix, AlarmTypes: ['MetricAlarm'] })) {
    found.push(...(page.MetricAlarms ?? []).map((alarm) => described(alarm, AlarmNamePrefix)));
  }
  const rank = ({ state }: ShopAlarm) => ['ALARM', 'INSUFFICIENT_DATA', 'OK'].indexOf(state);
  return found.sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
}

/** Takes an alarm's name, with or without what all of them begin with, and gives it; throws a sentence if there is none. */
export async function alarmCalled(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<ShopAlarm> {
  const prefix = prefixOf(shop);
  const fullName = name.startsWith(prefix) ? name : `${prefix}${name}`;
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [fullName] }));
  const [alarm] = MetricAlarms;
  if (alarm !== undefined) return described(alarm, prefix);
  throw new Error(`There is no alarm ${name}: \`npm run ops -- alarm list\` shows them.`);
}

/** Sets an alarm's state, which runs the actions of that state. */
export async function setState(
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

const described = (alarm: MetricAlarm, prefix: string): ShopAlarm => ({
  name: (alarm.AlarmName ?? '').slice(prefix.length),
  state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
  since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp ?? new Date(0)).toISOString(),
  description: alarm.AlarmDescription ?? '',
  topics: alarm.ActionsEnabled === false ? [] : (alarm.AlarmActions ?? []),
});
