import { type CloudEvent, type TraceContext, traceContextOf } from '../../contracts/cloud-event.ts';
import type { Money } from '../../contracts/money.ts';
import {
  type CancelReason,
  type Line,
  orderCancelled,
  orderConfirmed,
  type PaymentMethod,
} from '../../contracts/order.ts';
import type { Shortage } from '../../contracts/stock.ts';
import { explicitTraceparent } from '../../contracts/traceparent.ts';
import type { OrderRecord } from '../runtime/records.ts';

/**
 * One event in an order's history. `id` tells events apart whose type may occur more than once: the request or the parcel by its message
 * (`source id`), the refund or the return by its `refundId`.
 */
export type TimelineEntry = { time: string; type: string; source: string; id?: string };

/**
 * An order's record. Its trace context is that of the order's first event, if it differs from the one derived from the order's id: all
 * events of the order belong to this trace, including those caused by a cancellation or the sweep. It has no status while only
 * outcomes have arrived, but not the order itself.
 */
export type Order = OrderRecord &
  TraceContext & {
    status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
    reason?: CancelReason;
    /** What the customer knows the order by, where that is not its id. */
    orderNumber?: string;
    /** Who placed it, as `CustomerHash` hides them; absent where the order names no customer. */
    customer?: string;
    total?: Money;
    items?: Line[];
    /** How the order is paid, as it was placed; absent where it was placed without payment. */
    method?: PaymentMethod;
    /**
     * `declined` after the confirmation: what was authorized could not be captured any more. `not-needed`: placed before there were
     * authorizations, by an order with nothing to pay or paid on delivery, of which payment tells nothing more.
     */
    payment?: 'authorized' | 'captured' | 'declined' | 'not-needed';
    /** What was authorized or captured. */
    paid?: Money;
    stock?: 'reserved' | 'rejected';
    /** The SKUs that were short, where the goods were rejected. */
    short?: Shortage[];
    reserved?: Line[];
    /** A customer asked to cancel the order. That decides an undecided order; on record of a confirmed one it cancels nothing. */
    cancelRequested?: true;
    /** Goods of it left, as a service said or as others have on record: nothing cancels it any more. */
    dispatched?: true;
    /** What a person has to put right, because goods left for which nobody pays. */
    contradiction?: 'shipped-after-cancellation' | 'not-captured-after-shipping' | 'cancelled-after-shipping';
    /** A person has put the contradiction right: `audit` does not name it any more. Nothing of the shop writes it. */
    contradictionSettled?: true;
    timedOut?: true;
    /** When the cancellation of an order that does not come is forgotten (seconds since 1970). */
    expiresAt?: number;
    /** Where and when the sweep finds the order: its shard in the index, and its moment there, see `open-orders.ts`. */
    open?: string;
    openSince?: string;
    /** How often the sweep has had the order reconciled. The sweep alone writes it. */
    reconciliations?: number;
    timeline: TimelineEntry[];
    /** The number of timeline entries that are known to be published. The timeline is the order's outbox, see `timeline.ts`. */
    published: number;
  };

/** Builds the record that an order's first event begins. */
export function newOrder(orderId: string, event: TraceContext): Order {
  // A trace that follows from the order's id need not be kept, but what a vendor has added to it does.
  const isDerived = explicitTraceparent(event.traceparent, orderId) === undefined;
  const trace = isDerived && event.tracestate === undefined ? {} : traceContextOf(event);
  return { orderId, version: 0, timeline: [], published: 0, ...trace };
}

/** Tells whether an order is decided. A confirmed one may still be cancelled. */
export const isDecided = ({ status }: { status?: Order['status'] | undefined }): boolean =>
  status === 'CONFIRMED' || status === 'CANCELLED';

/** Tells whether a step of the timeline decides the order. */
export const isDecision = ({ type }: Pick<CloudEvent, 'type'>): boolean =>
  type === orderConfirmed.type || type === orderCancelled.type;

/** Returns when an order was decided, the last time (ISO 8601). */
export const decidedAt = ({ timeline }: Pick<Order, 'timeline'>): string | undefined =>
  timeline.findLast(isDecision)?.time;
