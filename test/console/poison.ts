import { placed, publish } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';

/** What a publisher with a bug sends, and where. */
export const WRONG = -1;
export const WRONG_AT = 'data.items[0].quantity';

/** Publishes an order that no consumer understands, with the plain AWS SDK. */
export async function publishPoison(order: TestOrder): Promise<void> {
  const { data, ...message } = placed(order);
  const items = data.items.map((item) => ({ ...item, quantity: WRONG }));
  await publish({ ...message, data: { ...data, items } });
}
