import type { OrderInput } from '../../lambdas/order/input.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import { delivery } from './deliveries.ts';
import { settled } from './transitions.ts';

/** When events of an order are handled. */
export const handledAt = new Date('2026-11-21T09:00:05Z');

/** Delivers an event to an order's rules. */
export const next = (order: Order | undefined, event: OrderInput) => nextOrder(order, delivery(event), handledAt);

/** Delivers an event that is replayed without effects. */
export const replay = (order: Order | undefined, event: OrderInput) =>
  nextOrder(order, { ...delivery(event), withoutEffects: true }, handledAt);

/** Returns an order's record after events, all of them written and published. */
export const orderAfter = (...events: OrderInput[]) =>
  events.reduce<Order | undefined>((order, event) => {
    const written = settled(order, next(order, event));
    return written && { ...written, version: (order?.version ?? 0) + 1 };
  }, undefined);
