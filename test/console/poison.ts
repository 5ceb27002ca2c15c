import { placed, publish } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';

/** What a publisher with a bug sends instead of a number, and where. */
export const WRONG = '"two"';
export const WRONG_AT = 'data.items[0].quantity';
/** All that subscribe to a placed order refuse it. */
export const REFUSED_BY = ['order', 'payment', 'stock', 'notification'] as const;

/** Publishes an order that no consumer understands, with the plain AWS SDK. */
export async function publishPoison(order: TestOrder): Promise<void> {
  const { data, ...message } = placed(order);
  const items = data.items.map((item) => ({ ...item, quantity: JSON.parse(WRONG) }));
  await publish({ ...message, data: { ...data, items } });
}
