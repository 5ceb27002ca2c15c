import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import type { DeployedShop } from '../stack.ts';
import { alarmCalled, setState } from './alarms.ts';

/** An alarm that was fired, the state it has again, and how many it was told; who has not confirmed is told nothing. */
export type Fired = { name: string; state: string; subscribers: number; unconfirmed: number };

const REASON = 'A test with `ops alarm test`: nothing is wrong.';

/** Fires an alarm as if it had gone off, and puts it back; throws a sentence if it has gone off already. */
export async function fire(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<Fired> {
  const alarm = await alarmCalled(shop, client, name);
  if (alarm.state === 'ALARM') {
    throw new Error(`${alarm.name} has gone off already: an alarm speaks only when it changes. ${alarm.description}`);
  }
  const told = await subscribersOf(shop, alarm.topics);
  await setState(shop, client, alarm.name, 'ALARM', REASON);
  // By itself it would return only with the next figure, and where there is none, never.
  await setState(shop, client, alarm.name, alarm.state, `${REASON} It is over.`);
  return { name: alarm.name, state: alarm.state, ...told };
}

async function subscribersOf(shop: DeployedShop, topics: readonly string[]) {
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
