import { SQSClient } from '@aws-sdk/client-sqs';
import { findConsumerQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import { pauseInForce, readPauseState } from './pause.ts';
import { describePause, type Pause, readPause } from './record.ts';

/** A consumer that is paused. */
export type ConsumerPause = { consumer: string; pause: Pause };

/** Reads which consumers of a shop are paused. */
export async function readPauses(shop: DeployedShop): Promise<ConsumerPause[]> {
  const sqs = new SQSClient(shop.config);
  const found = await Promise.all(
    findConsumerQueues(shop.outputs).map(async ({ consumer, queueUrl }): Promise<ConsumerPause[]> => {
      // Few are paused, and a mapping is asked for only where there is a record.
      if ((await readPause(sqs, queueUrl)) === undefined) return [];
      const pause = pauseInForce(await readPauseState(shop, consumer));
      return pause === undefined ? [] : [{ consumer, pause }];
    }),
  );
  return found.flat().sort((one, other) => (one.consumer < other.consumer ? -1 : 1));
}

/** The same; `undefined` where AWS does not allow it, as for a role that only compares templates or only moves messages. */
export async function readPausesIfAllowed(shop: DeployedShop): Promise<ConsumerPause[] | undefined> {
  try {
    return await readPauses(shop);
  } catch (error) {
    if (error instanceof Error && /AccessDenied|AuthorizationError/.test(error.name)) return undefined;
    throw error;
  }
}

/** Says of each of these consumers that is paused that what is sent to it waits. */
export async function pauseNotices(shop: DeployedShop, consumers: readonly string[]): Promise<string[]> {
  const paused = (await readPausesIfAllowed(shop)) ?? [];
  return paused
    .filter(({ consumer }) => consumers.includes(consumer))
    .map(({ consumer, pause }) => `${consumer} is ${describePause(pause)}. What it is sent waits until it is resumed.`);
}
