import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DeployedShop } from '../stack.ts';
import { findAlarm, listAlarms, setAlarmState, tellerOf } from './alarms.ts';
import { listTargets, type Target } from './targets.ts';

/** A tested alarm, its state afterwards, and whom it was sent to. */
export type AlarmTest = {
  /** The alarm that told. */
  name: string;
  /** The alarm that was asked for, where another one tells of it. */
  tellsOf?: string;
  state: string;
  /** How many it was sent to, and how many more have never confirmed, so that nothing is sent to them. */
  subscribers: number;
  unconfirmed: number;
  targets: Target[];
};

/** The alarms that between them reach everybody: one of each severity. */
export const ONE_OF_EACH = ['shop-ill', 'letters'];

const REASON = 'A test with `ops alarm test`: nothing is wrong.';

/**
 * Sets an alarm to ALARM and back to its state, so that its subscribers are notified; of an alarm that another one tells of, that one.
 * Throws where it is in ALARM already.
 */
export async function testAlarm(shop: DeployedShop, client: CloudWatchClient, name: string): Promise<AlarmTest> {
  const alarms = await listAlarms(shop, client);
  const asked = findAlarm(shop, alarms, name);
  const alarm = tellerOf(alarms, asked) ?? asked;
  if (alarm.state === 'ALARM') {
    throw new Error(
      `${alarm.name} is in ALARM already, and notifies only when its state changes. ${alarm.description}`,
    );
  }
  const targets = await listTargets(shop, alarm.topics, alarm.description);
  try {
    await setAlarmState(shop, client, alarm.name, 'ALARM', REASON);
  } finally {
    // By itself it would change back only with the next data point, or the next change of an alarm below it.
    await setAlarmState(shop, client, alarm.name, alarm.state, `${REASON} It is over.`);
  }
  const count = (outcome: Target['outcome']) => targets.filter((one) => one.outcome === outcome).length;
  return {
    name: alarm.name,
    ...(alarm === asked ? {} : { tellsOf: asked.name }),
    state: alarm.state,
    subscribers: count('sent'),
    unconfirmed: count('unconfirmed'),
    targets,
  };
}
