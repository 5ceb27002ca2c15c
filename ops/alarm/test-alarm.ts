import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import type { DeployedShop } from '../stack.ts';
import { findAlarm, setAlarmState } from './alarms.ts';

/** A tested alarm, its state afterwards, and the subscribers it notified; an unconfirmed subscription is not notified. */
export type AlarmTest = { name: string; state: string; subscribers: number; unconfirmed: number };

const REASON = 'A test with `ops alarm test`: nothing is wrong.';

/** Sets an alarm to ALARM and back to its state, so that subscribers are notified. Throws where it is in ALARM already. */
export async function testAlarm(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<AlarmTest> {
  const alarm = await findAlarm(shop, client, name);
  if (alarm.state === 'ALARM') {
    throw new Error(
      `${alarm.name} is in ALARM already, and notifies only when its state changes. ${alarm.description}`,
    );
  }
  const notified = await countSubscribers(shop, alarm.topics);
  try {
    await setAlarmState(shop, client, alarm.name, 'ALARM', REASON);
  } finally {
    // By itself it would change back only with the next data point, and without one never.
    await setAlarmState(shop, client, alarm.name, alarm.state, `${REASON} It is over.`);
  }
  return { name: alarm.name, state: alarm.state, ...notified };
}

async function countSubscribers(shop: DeployedShop, topics: readonly string[]) {
  const client = new SNSClient(shop.config);
  const arns: string[] = [];
  for (const TopicArn of topics) {
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
      arns.push(...Subscriptions.map(({ SubscriptionArn = '' }) => SubscriptionArn));
    }
  }
  const unconfirmed = arns.filter((arn) => !arn.startsWith('arn:')).length;
  return { subscribers: arns.length - unconfirmed, unconfirmed };
}
