import type { Money } from '../../contracts/money.ts';
import { notificationSent } from '../../contracts/notification.ts';
import type { CancelReason } from '../../contracts/order.ts';
import { stockReleased } from '../../contracts/stock.ts';
import type { TimelineEntry } from '../../lambdas/order/rules.ts';
import { type Known, sentTexts } from './lookup.ts';

/** Where an order is and how it got there. `status` is null while only a cancellation or an outcome is known of it. */
export type Trace = {
  orderId: string;
  status: 'PLACED' | 'CONFIRMED' | 'CANCELLED' | null;
  reason?: CancelReason;
  total: Money | null;
  payment?: string;
  stock?: string;
  timeline: (TimelineEntry & { template?: string })[];
};

/** Takes what the consumers know of an order and gives its trace, in the sequence of time; `undefined` for an unknown order. */
export function traceOf({ order, payment, notification }: Known): Trace | undefined {
  if (order === undefined) return undefined;
  const source = notificationSent.source ?? '';
  const texts = sentTexts(notification).map(({ template, sentAt: time }) => ({
    time,
    type: notificationSent.type,
    source,
    template,
  }));
  const released = order.timeline.some(({ type }) => type === stockReleased.type);
  const stock = released ? 'released' : order.stock;
  return {
    orderId: order.orderId,
    status: order.status ?? null,
    ...(order.reason === undefined ? {} : { reason: order.reason }),
    total: order.total ?? null,
    ...(payment === undefined ? {} : { payment: payment.state }),
    ...(stock === undefined ? {} : { stock }),
    // Times come from several publishers and differ in their spelling.
    timeline: [...order.timeline, ...texts].sort((one, other) => Date.parse(one.time) - Date.parse(other.time)),
  };
}

/** True once nothing but undoing is left to be done for an order. */
export const isDecided = (trace: Trace | undefined): boolean =>
  trace?.status === 'CONFIRMED' || trace?.status === 'CANCELLED';
