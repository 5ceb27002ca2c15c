import type { ConsumerName } from '../../infra/routing.ts';
import { cancelRequested, publishAll } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import type { Harness } from './harness.ts';
import type { SweepFunction } from './sweep-function.ts';

/** An order's life: who works, one after the other. A customer who cancels does so before the outcomes are in. */
export const LIFE: readonly (ConsumerName | 'the customer' | 'the sweep')[] = [
  'order',
  'payment',
  'stock',
  'notification',
  'the customer',
  'outcomes',
  'payment',
  'stock',
  'notification',
  'outcomes',
  'shipping',
  'the sweep',
];

/** How orders end, and how many steps of their life it takes to decide that. */
export const DECIDED = { confirmed: LIFE.indexOf('outcomes') + 1, cancelled: LIFE.indexOf('the customer') + 1 };

export type End = keyof typeof DECIDED;

/** Lets orders live that are in stock, and calls `onMoment` before the first step (0) and after each, with the number of steps done. */
export async function live(
  shop: Harness,
  sweep: SweepFunction,
  orders: readonly TestOrder[],
  end: End,
  onMoment: (moment: number) => Promise<void>,
): Promise<void> {
  for (const { sku } of orders) await shop.ledger.stock(sku, 1);
  await onMoment(0);
  await shop.ledger.place(orders);
  for (const [step, worker] of LIFE.entries()) {
    if (worker === 'the sweep') await sweep.runAfter(15);
    else if (worker !== 'the customer') await shop.pump([worker]);
    else if (end === 'cancelled') {
      await publishAll(orders.map(({ orderId }) => cancelRequested(orderId)));
      await shop.pump(['order']);
    }
    await onMoment(step + 1);
  }
}
