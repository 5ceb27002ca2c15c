import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { listAlarms } from '../alarm/alarms.ts';
import { toUserMessage } from '../errors.ts';
import type { DeployedShop } from '../stack.ts';
import { liveStatusCollector } from '../status/collect.ts';
import type { ShopReading } from './families.ts';

/** How often the orders of a large table are counted. */
export const RECOUNT_SECONDS = 900;

/** What was read, or the sentence that says why nothing could be. */
export type Reading = ShopReading | { error: string };

/**
 * Returns a function that reads the shop. After a failure the shop is found anew: an engine that came back may have other addresses of
 * everything.
 */
export function shopReader(
  shop: DeployedShop,
  find: () => Promise<DeployedShop>,
  { cloudWatch }: { cloudWatch: boolean },
): () => Promise<Reading> {
  const collectorOf = (found: DeployedShop) => {
    const collect = liveStatusCollector(found, { cloudWatch, recountSeconds: RECOUNT_SECONDS });
    const client = new CloudWatchClient(found.config);
    return async (): Promise<ShopReading> => {
      const [status, alarms] = await Promise.all([collect(), ...(cloudWatch ? [listAlarms(found, client)] : [])]);
      return { at: new Date(), status, ...(alarms === undefined ? {} : { alarms }) };
    };
  };
  let collect: (() => Promise<ShopReading>) | undefined = collectorOf(shop);
  return async () => {
    try {
      collect ??= collectorOf(await find());
      return await collect();
    } catch (error) {
      collect = undefined;
      return { error: toUserMessage(error) };
    }
  };
}
