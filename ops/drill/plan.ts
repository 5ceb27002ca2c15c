import type { OrderPlaced } from '../../contracts/order.ts';
import { followUpInShares, ordinalInShare, placedMessages } from '../load/orders.ts';
import { orderCancelRequestedEvent } from '../orders/cancel.ts';
import type { FollowUp } from '../orders/follow-up.ts';
import { generateOrder, orderPlacedEvent } from '../orders/generate.ts';

/** When an order is placed: before, during or after the outage of the payment gateway. */
export type OutagePeriod = 'before' | 'during' | 'after';

/** One order of a drill and its messages. */
export type DrillOrder = {
  order: OrderPlaced['data'];
  period: OutagePeriod;
  /** Whether the customer requests its cancellation right after placing it. */
  cancelled: boolean;
  /** What follows its confirmation. */
  followUp?: FollowUp;
  /** Builds its messages, with the time of the call. */
  bodies(): string[];
};

const PERIODS: readonly OutagePeriod[] = ['before', 'during', 'after'];

/** Shares of a drill's orders, 0 to 1; `afterConfirmation`: cancelled then, and as many refunded in part. */
export type DrillShares = { repeated: number; cancelled: number; afterConfirmation: number };

/** Plans the orders, a third for each period, of which a share is published twice, and others are cancelled or refunded. */
export function planDrill(run: string, count: number, shares: DrillShares): DrillOrder[] {
  return Array.from({ length: count }, (_, index): DrillOrder => {
    const order = generateOrder({ orderId: `${run}-${index}`, sku: run });
    const period = PERIODS[Math.floor((index * PERIODS.length) / count)] ?? 'after';
    const duplicateOrdinal = ordinalInShare(index, shares.repeated);
    const cancelled = duplicateOrdinal === undefined && ordinalInShare(index + 5, shares.cancelled) !== undefined;
    const ofConfirmed = { cancelled: shares.afterConfirmation, refunded: shares.afterConfirmation };
    const followUp = cancelled ? undefined : followUpInShares(index, ofConfirmed);
    const bodies = () =>
      cancelled
        ? [JSON.stringify(orderPlacedEvent(order)), JSON.stringify(orderCancelRequestedEvent(order.orderId, 'drill'))]
        : placedMessages(order, duplicateOrdinal);
    return { order, period, cancelled, ...(followUp && { followUp }), bodies };
  });
}
