import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { send } from './connection.ts';
import { exchangeOf, feedOf } from './topology.ts';

const shop = requireEnv('SHOP');

/** Publishes one event on the shop's exchange, in place of the peers' bus. */
export const publish = (event: CloudEvent): Promise<void> =>
  send(exchangeOf(shop), event.type, Buffer.from(JSON.stringify(event)));

/** Publishes one step of an order, in place of the peers' FIFO topic. */
export const publishStep = (step: OrderProgressed): Promise<void> =>
  send(feedOf(shop), step.data.orderId, Buffer.from(JSON.stringify(step)));
