import { isIn } from '../drill/plan.ts';
import { generateOrder, orderPlacedEvent } from '../orders/generate.ts';

/** What a load's orders are like. Shares from 0 to 1. */
export type Mix = { run: string; sku: string; declined: number; duplicates: number; phone?: string | undefined };

export const orderId = (run: string, index: number): string => `${run}-${index}`;

/**
 * Makes the messages of one order of a load: two of three customers read Korean, some cards are declined, and some orders are
 * published twice, half of those with the same message id, as after a lost answer.
 */
export function messages({ run, sku, declined, duplicates, phone }: Mix, index: number): string[] {
  const order = generateOrder({
    orderId: orderId(run, index),
    sku,
    locale: index % 3 === 2 ? 'en' : 'ko',
    token: isIn(index, declined) === undefined ? 'tok_visa' : 'tok_declined',
    ...(phone === undefined ? {} : { phone }),
  });
  const message = JSON.stringify(orderPlacedEvent(order));
  const repetition = isIn(index, duplicates);
  if (repetition === undefined) return [message];
  return [message, repetition % 2 === 0 ? message : JSON.stringify(orderPlacedEvent(order))];
}
