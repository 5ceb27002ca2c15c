import * as v from 'valibot';
import type { Money } from '../../contracts/money.ts';
import { notificationRefused, notificationSent, type RefusalReason } from '../../contracts/notification.ts';
import type { CancelReason, ReturnedLine } from '../../contracts/order.ts';
import { paymentRefundDue } from '../../contracts/payment.ts';
import { type Shortage, stockReleased } from '../../contracts/stock.ts';
import { traceIdOf } from '../../contracts/traceparent.ts';
import type { Order, TimelineEntry } from '../../lambdas/order/record.ts';
import type { Refund } from '../../lambdas/payment/record.ts';
import { refundsOf } from '../../lambdas/payment/refunds.ts';
import { sourceLines } from '../../lambdas/runtime/stack-frames.ts';
import type { DeadLetter } from '../dlq/dead-letter.ts';
import type { Parked } from '../dlq/parked.ts';
import { firstTryAt, withNextTries } from './next-try.ts';
import { type OrderRecords, type PaymentSummary, refusedTexts, sentTexts, textNotBefore } from './records.ts';
import type { StartFailure } from './start-failures.ts';

/** Where an order is and how it got there. `status` is null while only a cancellation or an outcome of it is known. */
export type Trace = {
  orderId: string;
  /** What the customer knows it by, where that is not its id. */
  orderNumber?: string;
  status: 'PLACED' | 'CONFIRMED' | 'CANCELLED' | null;
  reason?: CancelReason;
  total: Money | null;
  payment?: string;
  /** Why the payment was declined or could not be captured, or why a person has to send it back. */
  paymentReason?: string;
  stock?: string;
  /** The SKUs that were short: ordered and available pieces; `unknown` ones never had a shelf. */
  short?: Shortage[];
  /** Goods of it left: it can no longer be cancelled. */
  dispatched?: true;
  /** What a person has to put right, because goods left for which nobody pays. */
  contradiction?: NonNullable<Order['contradiction']>;
  /** Money that goes back, in sequence; what was refused, as far as its dead letter is there. */
  refunds?: TracedRefund[];
  /** Goods that came back, in sequence. */
  returns?: TracedReturn[];
  /** Until when its text waits, in quiet hours. */
  textNotBefore?: string;
  /** Whom to text is not kept any more. */
  contactForgotten?: true;
  /** The W3C trace of all its events. */
  traceId: string;
  timeline: TracedEvent[];
  /** Every attempt to handle a message about it, as far as the logs could be read. */
  attempts: TracedAttempt[];
  /** When the first message about it is tried again. */
  nextTryAt?: string;
  /** The consumers that cannot start, which therefore have no attempts. */
  cannotStart?: StartFailure[];
  /** Its dead letters, where there are any, and the command that puts them back. */
  deadLetters?: TracedDeadLetter[];
  next?: string;
};

/** A refund in the minor unit of the order's currency. Without `refundId` it is that of the order's cancellation. */
export type TracedRefund = Omit<Refund, 'state'> & { state: Refund['state'] | 'refused' };

/** Goods that came back with a refund, or that stock refused to count. */
export type TracedReturn = {
  refundId: string;
  items: readonly ReturnedLine[];
  state: 'returned' | 'refused';
  reason?: string;
  time: string;
};

/** A dead letter of an order: whose it is, and why it is there. */
export type TracedDeadLetter = Pick<DeadLetter, 'consumer' | 'errorType' | 'reason' | 'failedAt' | 'stackTrace'> & {
  messageId: string;
  /** Who looks after it, and since when, where it is parked. */
  parked?: Pick<Parked, 'owner' | 'note' | 'link'>;
  parkedAt?: string;
};

/** One event of an order: a text has its template, what may happen more than once an id, what was refused or has to be refunded the reason. */
export type TracedEvent = TimelineEntry & { template?: string; refused?: RefusalReason; reason?: string };

/** Builds an order's trace, without attempts, from the consumers' records; `undefined` for an unknown order. */
export function buildTrace({ order, payment, notification, reservation }: OrderRecords): Trace | undefined {
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
  const notBefore = textNotBefore(notification);
  const refunds = payment === undefined ? [] : refundsOf(payment);
  return {
    orderId: order.orderId,
    ...(order.orderNumber === undefined ? {} : { orderNumber: order.orderNumber }),
    status: order.status ?? null,
    ...(order.reason === undefined ? {} : { reason: order.reason }),
    total: order.total ?? null,
    ...(payment === undefined ? {} : { payment: payment.state, ...paymentReasonOf(payment, refunds) }),
    ...(stock === undefined ? {} : { stock }),
    ...(order.short === undefined ? {} : { short: order.short }),
    ...(order.dispatched ? { dispatched: order.dispatched } : {}),
    ...(order.contradiction === undefined ? {} : { contradiction: order.contradiction }),
    ...(refunds.length === 0 ? {} : { refunds: [...refunds] }),
    ...returnsOf(reservation),
    ...(notBefore === undefined ? {} : { textNotBefore: notBefore }),
    ...contactOf(notification),
    traceId: traceIdOf(order.traceparent, order.orderId),
    timeline: [...order.timeline, ...dueRefunds(refunds), ...texts, ...refusals].sort(byTime),
    attempts: [],
  };
}

const contactOf = (notification: OrderRecords['notification']) =>
  notification?.contact?.forgotten ? { contactForgotten: true as const } : {};

function paymentReasonOf({ state, declineReason }: PaymentSummary, refunds: readonly Refund[]) {
  const ofCancellation = refunds.find(({ refundId }) => refundId === undefined);
  const reason = state === 'refund-due' ? ofCancellation?.reason : declineReason;
  return reason === undefined ? {} : { paymentReason: reason };
}

/** A due refund is no step of the order's own timeline. */
const dueRefunds = (refunds: readonly Refund[]): TracedEvent[] =>
  refunds.flatMap(({ refundId: id, state, time, reason }) => {
    if (state !== 'due') return [];
    const event = { time, type: paymentRefundDue.type, source: paymentRefundDue.source ?? '' };
    return [{ ...event, ...(id === undefined ? {} : { id }), ...(reason === undefined ? {} : { reason }) }];
  });

function returnsOf(reservation: OrderRecords['reservation']): { returns?: TracedReturn[] } {
  const { returned = [] } = reservation ?? {};
  if (returned.length === 0) return {};
  return {
    returns: returned.map(({ refundId, lines, time }) => ({ refundId, items: lines, state: 'returned', time })),
  };
}

/**
 * Adds the attempts found in log lines to an order's trace. An order that was never accepted has no record: its trace is made
 * of the attempts alone, and `undefined` without any.
 */
export function addAttempts(trace: Trace | undefined, orderId: string, lines: readonly string[]): Trace | undefined {
  const { attempts, traceId = traceIdOf(undefined, orderId) } = parseAttempts(lines, orderId);
  const nextTryAt = firstTryAt(attempts);
  const tried = { attempts, ...(nextTryAt === undefined ? {} : { nextTryAt }) };
  if (trace !== undefined) return { ...trace, ...tried };
  return attempts.length === 0 ? undefined : { orderId, status: null, total: null, traceId, timeline: [], ...tried };
}

export const isDecided = (trace: Trace | undefined): boolean =>
  trace?.status === 'CONFIRMED' || trace?.status === 'CANCELLED';

const outcomeLogLine = v.object({
  time: v.pipe(v.string(), v.isoTimestamp()),
  message: v.picklist(['done', 'will be tried again', 'dead-lettered']),
  consumer: v.string(),
  orderId: v.string(),
  messageId: v.string(),
  eventType: v.optional(v.string()),
  traceId: v.optional(v.string()),
  attempt: v.number(),
  waitedMs: v.optional(v.number(), 0),
  tookMs: v.optional(v.number(), 0),
  errorType: v.optional(v.string()),
  errorMessage: v.optional(v.string()),
  stackTrace: v.optional(v.array(v.string())),
  retryInSeconds: v.optional(v.number()),
  published: v.optional(v.array(v.string())),
});

type OutcomeLogLine = v.InferOutput<typeof outcomeLogLine>;

/** One attempt to handle a message about an order, as the consumer logged it when it ended. */
export type TracedAttempt = {
  /** When it ended. */
  time: string;
  consumer: string;
  eventType?: string | undefined;
  messageId: string;
  attempt: number;
  /** The time in the queue before this attempt: since the message was sent, or since the previous attempt ended. */
  waitedMs: number;
  tookMs: number;
  outcome: OutcomeLogLine['message'];
  errorType?: string | undefined;
  errorMessage?: string | undefined;
  /** Where in this repository's sources it failed, innermost first; absent where that was expected. */
  stackTrace?: string[];
  retryInSeconds?: number | undefined;
  /** When its message is tried again, where that has not happened yet. */
  nextTryAt?: string;
  traceId?: string | undefined;
  /** The types of the events it published. */
  published?: string[] | undefined;
};

/** Finds an order's attempts among log lines, each once and oldest first, and the trace they belong to. */
export function parseAttempts(
  lines: readonly string[],
  orderId: string,
): { attempts: TracedAttempt[]; traceId?: string } {
  const logged = new Map<string, OutcomeLogLine>();
  for (const text of lines) {
    const line = parseOutcome(text);
    // Another order's id may contain this one, and pages of log events may overlap.
    if (line?.orderId === orderId) logged.set(attemptKey(line, line.attempt), line);
  }
  const sorted = [...logged.values()].sort(byTime);
  const attempts = withNextTries(
    sorted.map((line) => tracedAttempt(line, logged.get(attemptKey(line, line.attempt - 1)))),
  );
  const traceId = sorted.find((line) => line.traceId !== undefined)?.traceId;
  return { attempts, ...(traceId === undefined ? {} : { traceId }) };
}

const attemptKey = ({ consumer, messageId }: OutcomeLogLine, attempt: number) => `${consumer} ${messageId} ${attempt}`;

function tracedAttempt(line: OutcomeLogLine, previous: OutcomeLogLine | undefined): TracedAttempt {
  const { orderId: _, time, consumer, eventType, messageId, attempt, waitedMs, tookMs, message, ...rest } = line;
  const { stackTrace: frames = [], ...error } = rest;
  const stackTrace = sourceLines(frames);
  const queuedMs = previous === undefined ? waitedMs : Date.parse(time) - tookMs - Date.parse(previous.time);
  const outcome = { outcome: message, ...error, ...(stackTrace.length === 0 ? {} : { stackTrace }) };
  return { time, consumer, eventType, messageId, attempt, waitedMs: Math.max(0, queuedMs), tookMs, ...outcome };
}

/** Parses the log line of an attempt's outcome; returns `undefined` for every other line. */
export function parseOutcome(line: string): OutcomeLogLine | undefined {
  try {
    const { success, output } = v.safeParse(outcomeLogLine, JSON.parse(line));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

// Not as text: the times come from several publishers, which write them differently.
const byTime = (one: { time: string }, other: { time: string }) => Date.parse(one.time) - Date.parse(other.time);
