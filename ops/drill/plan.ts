import type { OrderPlaced } from '../../contracts/order.ts';
import { orderCancelRequestedEvent } from '../orders/cancel.ts';
import { generateOrder, orderPlacedEvent } from '../orders/generate.ts';

/** When an order of the drill is placed: before, during or after the outage of the payment gateway. */
export type Phase = 'before' | 'during' | 'after';

/** One order of the drill, and the messages about it. */
export type DrillOrder = {
  order: OrderPlaced['data'];
  phase: Phase;
  /** Whether its customer asks for its cancellation right after placing it. */
  cancelled: boolean;
  /** Makes its messages, with the time at which that is done. */
  bodies(): string[];
};

const PHASES: readonly Phase[] = ['before', 'during', 'after'];

/**
 * Takes the drill's name, how many orders there are, and which share of them is published twice and cancelled (0 to 1),
 * and gives the orders, a third for each phase. Of the repeated ones every other repeats its message id, as a queue may,
 * and the rest come with a new one, as from a publisher that lost an answer.
 */
export function planDrill(run: string, count: number, shares: { repeated: number; cancelled: number }): DrillOrder[] {
  return Array.from({ length: count }, (_, index): DrillOrder => {
    const order = generateOrder({ orderId: `${run}-${index}`, sku: run });
    const phase = PHASES[Math.floor((index * PHASES.length) / count)] ?? 'after';
    const repetition = isIn(index, shares.repeated);
    const cancelled = repetition === undefined && isIn(index + 5, shares.cancelled) !== undefined;
    const bodies = () => {
      const message = JSON.stringify(orderPlacedEvent(order));
      if (cancelled) return [message, JSON.stringify(orderCancelRequestedEvent(order.orderId, 'drill'))];
      if (repetition === undefined) return [message];
      return [message, repetition % 2 === 0 ? message : JSON.stringify(orderPlacedEvent(order))];
    };
    return { order, phase, cancelled, bodies };
  });
}

/** Spreads a share evenly: gives which one of the share this index is, or `undefined` if it is not in it. */
export function isIn(index: number, share: number): number | undefined {
  const before = Math.floor(index * share);
  return Math.floor((index + 1) * share) > before ? before : undefined;
}
