import { isDeepStrictEqual } from 'node:util';
import type { CountryCode } from 'libphonenumber-js/max';
import { buildEvent, type TraceContext, traceContextOf } from '../../contracts/cloud-event.ts';
import {
  notificationRefused,
  notificationSent,
  type RefusalReason,
  type Template,
} from '../../contracts/notification.ts';
import {
  type OrderCancelled,
  type OrderConfirmed,
  type OrderDelayed,
  type OrderPlaced,
  orderCancelled,
  orderConfirmed,
  orderDelayed,
  orderPlaced,
} from '../../contracts/order.ts';
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError, ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { contentsOf } from './contents.ts';
import { mayBePhone, readPhone, visiblePhone } from './phone.ts';
import { textFor } from './texts.ts';

/**
 * State of one text: waiting for the end of quiet hours at `notBefore`; being sent under a lease until `sendingUntil`; sent; of unknown outcome
 * (`unansweredAt`: SNS did not answer); or refused for good. Times in ISO 8601.
 */
export type TextState =
  | { notBefore: string }
  | { sendingUntil: string }
  | { sentAt: string }
  | { unansweredAt: string }
  | { refusedAt: string; reason: RefusalReason };

/**
 * Whom to text, in which language, and what the customer knows the order by if that is not its id. `phone` is in E.164, so a changed
 * setting makes it nobody else's; it is absent if what was given is no number.
 */
type Contact = { phone?: string; locale: string; orderNumber?: string };

/**
 * An order's notification record: the customer's contact, what to tell them, and the state of each text. While only the order's cancellation
 * has arrived, the record is its tombstone.
 */
export type Notification = OrderRecord & {
  contact?: Contact;
  /** Who placed the order, as `CustomerHash` hides them; absent where the order names no customer. */
  customer?: string;
  /** The digest of the order's goods and total: a confirmation is told only to whom the same were placed by. */
  contents?: string;
  /** The order is delayed. A decision supersedes this. */
  delayed?: true;
  decision?: 'order-confirmed' | 'order-cancelled';
  texts: Partial<Record<Template, TextState>>;
  /** When a tombstone is deleted (seconds since 1970). */
  expiresAt?: number;
};

export type NotificationInput = OrderPlaced | OrderDelayed | OrderConfirmed | OrderCancelled;

/**
 * The effect: a text to send. `notBefore` (during quiet hours) or `sendingUntil` (ISO 8601, the end of the lease under which it may be sent)
 * is set.
 */
export type OutgoingText = {
  orderId: string;
  trace: TraceContext;
  template: Template;
  phone: string;
  message: string;
  notBefore?: Date;
  sendingUntil?: string;
};

/** The result of sending a text: sent, of unknown outcome, or refused. */
export type SendResult = { text: OutgoingText; unknownOutcome?: true; refused?: RefusalReason };

/** Settings of the rules, and their clock. `leaseSeconds` is no shorter than the function timeout, so only one invocation sends a text. */
export type NotificationRules = {
  now: Date;
  leaseSeconds: number;
  textWhenPlaced: boolean;
  /** Hides who placed an order. @default customers are not compared */
  customerHash?: CustomerHash;
  /** The country of numbers without a country code. @default none: they are refused */
  defaultCountry?: CountryCode;
  /** Returns why a number may not be texted. @default any number may */
  numberRefusal?: (phone: string) => RefusalReason | undefined;
  /** Returns when quiet hours end, if it is quiet now. @default no quiet hours */
  quietUntil?: (phone: string, now: Date) => Date | undefined;
};

/**
 * Decides what follows from an event or from a send attempt. Sends each text at most once. Throws `BusyError` while another
 * invocation holds the lease, and `ConflictError` if the event contradicts the record.
 */
export function nextNotification(
  notification: Notification | undefined,
  input: Delivery<NotificationInput> | SendResult,
  rules: NotificationRules,
): Transition<Notification, OutgoingText> {
  if ('text' in input) return onSendResult(notification, input, rules);
  const { event } = input;
  const { orderId } = event.data;
  const current: Notification = notification ?? { orderId, version: 0, texts: {} };
  // Once cancelled is heard, a confirmation changes nothing.
  if (event.type === orderConfirmed.type && current.decision === 'order-cancelled') return {};
  const updated = applyEvent(current, event, rules);
  const template = dueTemplate(updated, rules);
  const { contact } = updated;
  const recordOnly = updated === current ? {} : { after: updated };
  if (template === undefined || contact === undefined) return recordOnly;

  const trace = traceContextOf(event);
  const state = updated.texts[template];
  if (state !== undefined && 'sentAt' in state) {
    return { ...recordOnly, publish: [sentEvent(orderId, template, state.sentAt, trace)] };
  }
  // It may have been sent; a duplicate text is worse than none.
  if (state !== undefined && 'unansweredAt' in state) return recordOnly;
  if (state !== undefined && 'refusedAt' in state) {
    return { ...recordOnly, publish: [refusedEvent(orderId, template, state, trace)] };
  }
  // The text of a cancellation must not be overtaken by that of the confirmation that it undoes.
  const awaited = template === 'order-cancelled' ? [template, 'order-confirmed' as const] : [template];
  if (awaited.some((each) => isBeingSent(updated.texts[each], rules.now)))
    throw new BusyError(`A text of order ${orderId} is being sent`);
  return { ...recordOnly, ...startText(updated, template, contact, trace, rules) };
}

const isBeingSent = (state: TextState | undefined, now: Date): boolean =>
  state !== undefined && 'sendingUntil' in state && new Date(state.sendingUntil) > now;

/** Refuses the contact's number, or sends a text under a lease; in quiet hours, records without one that it waits. */
function startText(
  current: Notification,
  template: Template,
  { phone, locale, orderNumber }: Contact,
  trace: TraceContext,
  { now, leaseSeconds, numberRefusal, quietUntil }: NotificationRules,
): Transition<Notification, OutgoingText> {
  const notification = withoutSuperseded(current, template);
  if (phone === undefined) return recordRefusal(notification, template, 'invalid-number', trace, now);
  const reason = numberRefusal?.(phone);
  if (reason !== undefined) return recordRefusal(notification, template, reason, trace, now);
  const { orderId } = notification;
  const text = { orderId, trace, template, phone, message: textFor(template, locale, orderNumber ?? orderId) };
  const notBefore = quietUntil?.(phone, now);
  if (notBefore !== undefined) {
    const effect = { ...text, notBefore };
    const waiting = { notBefore: notBefore.toISOString() };
    const isRecorded = isDeepStrictEqual(current.texts[template], waiting);
    return isRecorded ? { effect } : { after: withTextState(notification, template, waiting), effect };
  }
  const sendingUntil = new Date(now.getTime() + leaseSeconds * 1000).toISOString();
  return { after: withTextState(notification, template, { sendingUntil }), effect: { ...text, sendingUntil } };
}

/** Forgets that other texts wait: the due one goes out in their place. */
function withoutSuperseded(notification: Notification, due: Template): Notification {
  const kept = Object.entries(notification.texts).filter(([name, state]) => name === due || !('notBefore' in state));
  return { ...notification, texts: Object.fromEntries(kept) };
}

/** Adds what an event says to the record; returns the record itself where that is known already. */
function applyEvent(current: Notification, event: NotificationInput, rules: NotificationRules): Notification {
  switch (event.type) {
    case orderPlaced.type:
      return withPlacement(current, event.data, rules);
    case orderDelayed.type:
      return current.delayed ? current : { ...current, delayed: true };
    case orderConfirmed.type: {
      const contents = contentsOf(event.data);
      if (differs(current.contents, contents)) {
        throw new ConflictError(
          `Order ${current.orderId} is confirmed with another total or other items than were placed`,
        );
      }
      return current.decision === undefined ? { ...current, contents, decision: 'order-confirmed' } : current;
    }
    case orderCancelled.type: {
      if (current.decision === 'order-cancelled') return current;
      const isTombstone = current.contents === undefined && current.contact === undefined;
      return {
        ...current,
        decision: 'order-cancelled',
        ...(isTombstone ? { expiresAt: tombstoneExpiry(rules.now) } : {}),
      };
    }
  }
}

/** Adds what only the placed order says. The first that is told is kept; throws `ConflictError` where that is another. */
function withPlacement(
  current: Notification,
  placed: OrderPlaced['data'],
  { defaultCountry, customerHash }: NotificationRules,
): Notification {
  const contents = contentsOf(placed);
  const { customer } = customerOf(placed, customerHash);
  const conflict = (problem: string, path: string) =>
    new ConflictError(`Order ${current.orderId} was already placed ${problem}`, path);
  if (differs(current.contents, contents)) throw conflict('or confirmed with another total or other items', 'data');
  if (isOtherCustomer(current.customer, customer)) throw conflict('by another customer', 'data.customer.id');
  const { phone } = current.contact ?? {};
  if (phone !== undefined && !mayBePhone(placed.customer?.phone ?? '', phone, defaultCountry))
    throw conflict('with another phone', 'data.customer.phone');
  const contact = current.contact ?? contactOf(placed, defaultCountry);
  const { expiresAt, ...kept } = current;
  const isKnown =
    expiresAt === undefined &&
    current.contents !== undefined &&
    current.contact === contact &&
    (current.customer !== undefined || customer === undefined);
  return isKnown
    ? current
    : { ...kept, contents, ...(contact && { contact }), ...(customer && { customer: current.customer ?? customer }) };
}

const differs = (recorded: string | undefined, told: string): boolean => recorded !== undefined && recorded !== told;

/** Returns whom to text about a placed order; `undefined` if it names no phone. */
function contactOf(
  { customer: { phone: given = '', locale = 'en' } = {}, orderNumber }: OrderPlaced['data'],
  defaultCountry: CountryCode | undefined,
): Contact | undefined {
  if (visiblePhone(given) === '') return undefined;
  const phone = readPhone(given, defaultCountry);
  return { locale, ...(phone && { phone }), ...(orderNumber && { orderNumber }) };
}

function dueTemplate({ decision, delayed }: Notification, { textWhenPlaced }: NotificationRules): Template | undefined {
  if (decision !== undefined) return decision;
  if (delayed) return 'order-delayed';
  return textWhenPlaced ? 'order-placed' : undefined;
}

function onSendResult(
  notification: Notification | undefined,
  { text: { orderId, template, trace }, unknownOutcome, refused }: SendResult,
  { now }: NotificationRules,
): Transition<Notification, OutgoingText> {
  if (notification === undefined) throw new ConflictError(`The record of order ${orderId} disappeared`);
  const sentAt = now.toISOString();
  if (refused !== undefined) return recordRefusal(notification, template, refused, trace, now);
  if (unknownOutcome) return { after: withTextState(notification, template, { unansweredAt: sentAt }) };
  return {
    after: withTextState(notification, template, { sentAt }),
    publish: [sentEvent(orderId, template, sentAt, trace)],
  };
}

const withTextState = (notification: Notification, template: Template, state: TextState): Notification => ({
  ...notification,
  texts: { ...notification.texts, [template]: state },
});

/** Records that a text will never be sent, and publishes the reason. */
function recordRefusal(
  notification: Notification,
  template: Template,
  reason: RefusalReason,
  trace: TraceContext,
  now: Date,
): Transition<Notification, OutgoingText> {
  const state = { refusedAt: now.toISOString(), reason };
  return {
    after: withTextState(notification, template, state),
    publish: [refusedEvent(notification.orderId, template, state, trace)],
  };
}

const refusedEvent = (
  orderId: string,
  template: Template,
  { refusedAt, reason }: { refusedAt: string; reason: RefusalReason },
  trace: TraceContext,
) =>
  buildEvent(notificationRefused, {
    id: `${orderId}.${template}.refused`,
    time: refusedAt,
    subject: orderId,
    trace,
    data: { orderId, template, reason },
  });

const sentEvent = (orderId: string, template: Template, time: string, trace: TraceContext) =>
  buildEvent(notificationSent, {
    id: `${orderId}.${template}`,
    time,
    subject: orderId,
    trace,
    data: { orderId, template },
  });
