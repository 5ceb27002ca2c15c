import type { ConsumerName } from '../../infra/routing.ts';
import { publishAll } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import type { Harness } from './harness.ts';
import type { SweepFunction } from './sweep-function.ts';

export type Worker = ConsumerName | 'the requests' | 'the sweep';

/** An order's life: who works, one after the other. What is asked of it then comes before the outcomes are in. */
export const LIFE: readonly Worker[] = [
  'order',
  'payment',
  'stock',
  'notification',
  'the requests',
  'outcomes',
  'payment',
  'stock',
  'notification',
  'outcomes',
  'shipping',
  'the sweep',
];

/** The life of an order of which something is asked after its confirmation. */
export const LATE_LIFE: readonly Worker[] = [
  ...LIFE.filter((worker) => worker !== 'the requests' && worker !== 'the sweep'),
  'the requests',
  'payment',
  'stock',
  'notification',
  'outcomes',
  'notification',
  'shipping',
  'the sweep',
];

/** How orders end, and how many steps of their life it takes to decide that. */
export const DECIDED = { confirmed: LIFE.indexOf('outcomes') + 1, cancelled: LIFE.indexOf('the requests') + 1 };

export type End = keyof typeof DECIDED;

/**
 * Lets orders live that are in stock, and calls `onMoment` before the first step (0) and after each, with the number of steps done. `requests`: what
 * is asked of them at its step.
 */
export async function live(
  shop: Harness,
  sweep: SweepFunction,
  orders: readonly TestOrder[],
  onMoment: (moment: number) => Promise<void>,
  { life = LIFE, requests = () => [] }: { life?: readonly Worker[]; requests?: () => readonly object[] } = {},
): Promise<void> {
  for (const { sku, quantity } of orders) await shop.ledger.stock(sku, quantity);
  await onMoment(0);
  await shop.ledger.place(orders);
  for (const [step, worker] of life.entries()) {
    if (worker === 'the sweep') await sweep.runAfter(15);
    else if (worker === 'the requests') {
      await publishAll(requests());
      await shop.pump(['order']);
    } else await shop.pump([worker]);
    await onMoment(step + 1);
  }
}
