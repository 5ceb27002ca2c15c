import type { Money } from '../../contracts/money.ts';
import { notificationRefused, notificationSent, type RefusalReason } from '../../contracts/notification.ts';
import type { CancelReason } from '../../contracts/order.ts';
import { stockReleased } from '../../contracts/stock.ts';
import { traceIdOf } from '../../contracts/traceparent.ts';
import type { TimelineEntry } from '../../lambdas/order/rules.ts';
import { type OrderRecords, refusedTexts, sentTexts } from './records.ts';
import { parseAttempts, type TracedAttempt } from './trace-attempts.ts';

/** Where an order is and how it got there. `status` is null while only a cancellation or an outcome is known of it. */
export type Trace = {
  orderId: string;
  status: 'PLACED' | 'CONFIRMED' | 'CANCELLED' | null;
  reason?: CancelReason;
  total: Money | null;
  payment?: string;
  stock?: string;
  /** The W3C trace that all its events belong to. */
  traceId: string;
  timeline: (TimelineEntry & { template?: string; refused?: RefusalReason })[];
  /** Every try of every message about it, as far as the logs could be read. */
  attempts: TracedAttempt[];
};

/** Takes what the consumers know of an order and gives its trace, in the sequence of time; `undefined` for an unknown order. */
export function buildTrace({ order, payment, notification }: OrderRecords): Trace | undefined {
  if (order === undefined) return undefined;
  const source = notificationSent.source ?? '';
  const texts = sentTexts(notification).map(({ template, sentAt: time }) => ({
    time,
    type: notificationSent.type,
    source,
    template,
  }));
  const refusals = refusedTexts(notification).map((text) => ({ ...text, type: notificationRefused.type, source }));
  const released = order.timeline.some(({ type }) => type === stockReleased.type);
  const stock = released ? 'released' : order.stock;
  return {
    orderId: order.orderId,
    status: order.status ?? null,
    ...(order.reason === undefined ? {} : { reason: order.reason }),
    total: order.total ?? null,
    ...(payment === undefined ? {} : { payment: payment.state }),
    ...(stock === undefined ? {} : { stock }),
    traceId: traceIdOf(order.traceparent, order.orderId),
    // Times come from several publishers and differ in their spelling.
    timeline: [...order.timeline, ...texts, ...refusals].sort(
      (one, other) => Date.parse(one.time) - Date.parse(other.time),
    ),
    attempts: [],
  };
}

/**
 * Takes what is on record of an order, if anything, and its log lines and gives both in one; `undefined` for an order that
 * neither knows. An order that is only in the logs was never accepted: they say why.
 */
export function addAttempts(trace: Trace | undefined, orderId: string, lines: readonly string[]): Trace | undefined {
  const { attempts, traceId = traceIdOf(undefined, orderId) } = parseAttempts(lines, orderId);
  if (trace !== undefined) return { ...trace, attempts };
  return attempts.length === 0 ? undefined : { orderId, status: null, total: null, traceId, timeline: [], attempts };
}

/** True once nothing but undoing is left to be done for an order. */
export const isDecided = (trace: Trace | undefined): boolean =>
  trace?.status === 'CONFIRMED' || trace?.status === 'CANCELLED';
