import type { ConsumerName } from '../../../infra/routing.ts';
import type { Messaging } from '../../sections/rate/systems.ts';
import { openConnection, send } from './connection.ts';
import { declareShop, exchangeOf } from './topology.ts';

/** Declares a shop's exchanges and queues; returns how to publish to them. */
export async function openMessaging(shop: string, consumers: readonly ConsumerName[], url: string): Promise<Messaging> {
  const { connection, confirming } = await openConnection(url);
  await declareShop(confirming, shop, consumers);
  return {
    environment: { SHOP: shop, RABBITMQ_URL: url },
    publish: (order) => send(exchangeOf(shop), order.type, Buffer.from(JSON.stringify(order))),
    stop: () => connection.close(),
  };
}
