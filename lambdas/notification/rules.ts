import { isDeepStrictEqual } from 'node:util';
import type { CountryCode } from 'libphonenumber-js/max';
import { type CloudEvent, type TraceContext, traceContextOf } from '../../contracts/cloud-event.ts';
import type { RefusalReason, Template } from '../../contracts/notification.ts';
import {
  type OrderCancelled,
  type OrderConfirmed,
  type OrderDelayed,
  type OrderDispatched,
  type OrderPlaced,
  orderCancelled,
  orderConfirmed,
  orderDelayed,
  orderDispatched,
  orderPlaced,
} from '../../contracts/order.ts';
import { type PaymentRefunded, paymentRefunded } from '../../contracts/payment.ts';
import { type CustomerHash, customerOf, isOtherCustomer } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError, ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';
import { type Contact, contactOf } from './contact.ts';
import { contentsOf } from './contents.ts';
import { withoutContact } from './forgotten.ts';
import { mayBePhone } from './phone.ts';
import {
  isBeingSent,
  isSettled,
  outcomeEvents,
  type Refusal,
  refusedEvent,
  sentEvent,
  type TextState,
} from './text-state.ts';
import { type TextFrame, textFor } from './texts.ts';

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
  /** Goods of the order left, and the customer is to be told. A cancellation supersedes this. */
  dispatched?: true;
  /** Money of the order that was asked for went back, and the customer is to be told. A cancellation supersedes this. */
  refunded?: true;
  texts: Partial<Record<Template, TextState>>;
  /** When a tombstone is deleted (seconds since 1970). */
  expiresAt?: number;
};

export type NotificationInput =
  | OrderPlaced
  | OrderDelayed
  | OrderConfirmed
  | OrderCancelled
  | OrderDispatched
  | PaymentRefunded;

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
  /** @default false */
  textWhenShipped?: boolean;
  /** @default true */
  textWhenRefunded?: boolean;
  /** Hides who placed an order. @default customers are not compared */
  customerHash?: CustomerHash;
  /** The country of numbers without a country code. @default none: they are refused */
  defaultCountry?: CountryCode;
  /** Returns why a number may not be texted. @default any number may */
  numberRefusal?: (phone: string) => RefusalReason | undefined;
  /** Returns what the texts to a number say besides. @default nothing */
  frameFor?: (phone: string) => TextFrame;
  /** Returns when quiet hours end, if it is quiet now. @default no quiet hours */
  quietUntil?: (phone: string, now: Date) => Date | undefined;
};

/**
 * Decides what follows from an event or from a send attempt. Sends each text at most once, and one text of an order at a time, so that none
 * overtakes another. Forgets whom to text with the text of a cancellation, which is an order's last. Throws `BusyError` while another invocation
 * holds the lease, and `ConflictError` if the event contradicts the record.
 */
export function nextNotification(
  notification: Notification | undefined,
  input: Delivery<NotificationInput> | SendResult,
  rules: NotificationRules,
): Transition<Notification, OutgoingText> {
  const step = transition(notification, input, rules);
  return step.after !== undefined && isToldOfCancellation(step.after)
    ? { ...step, after: withoutContact(step.after) }
    : step;
}

const isToldOfCancellation = ({ decision, texts }: Notification): boolean =>
  decision === 'order-cancelled' && isSettled(texts[decision]);

function transition(
  notification: Notification | undefined,
  input: Delivery<NotificationInput> | SendResult,
  rules: NotificationRules,
): Transition<Notification, OutgoingText> {
  if ('text' in input) return onSendResult(notification, input, rules);
  const { event } = input;
  const current: Notification = notification ?? { orderId: event.data.orderId, version: 0, texts: {} };
  if (changesNothing(current, event, rules)) return {};
  const updated = applyEvent(current, event, rules);
  const step = tell(updated, traceContextOf(event), rules, templateOf(event));
  return updated === current ? step : { ...step, after: step.after ?? updated };
}

/** Tells whether an event has no part in what this customer is told. */
function changesNothing(
  { decision }: Notification,
  event: NotificationInput,
  { textWhenShipped = false, textWhenRefunded = true }: NotificationRules,
): boolean {
  // Once cancelled is heard, these change nothing.
  const isSuperseded = decision === 'order-cancelled';
  switch (event.type) {
    case orderConfirmed.type:
      return isSuperseded;
    case orderDispatched.type:
      return isSuperseded || !textWhenShipped;
    case paymentRefunded.type:
      // The text of a cancellation tells of its own refund.
      return isSuperseded || !textWhenRefunded || event.data.refundId === undefined;
    default:
      return false;
  }
}

/** Returns the text that an event causes by itself; other events complete whatever is due. */
const templateOf = ({ type }: NotificationInput): Template | undefined => {
  if (type === orderDispatched.type) return 'order-shipped';
  return type === paymentRefunded.type ? 'order-refunded' : undefined;
};

/** Starts the first due text that is open, and publishes again what is known of the due ones, or of `only` one of them. */
function tell(
  notification: Notification,
  trace: TraceContext,
  rules: NotificationRules,
  only?: Template,
): Transition<Notification, OutgoingText> {
  const { orderId, contact, texts } = notification;
  if (contact === undefined) return {};
  const due = dueTemplates(notification, rules);
  const known = due
    .filter((template) => only === undefined || template === only)
    .flatMap((template) => outcomeEvents(orderId, template, texts[template], trace));
  const open = due.filter((template) => !isSettled(texts[template]));
  const [next, ...others] = open;
  if (next === undefined) return known.length === 0 ? {} : { publish: known };
  const awaited = next === 'order-cancelled' ? [next, ...UNDONE_BY_CANCELLATION] : due;
  if (awaited.some((template) => isBeingSent(texts[template], rules.now)))
    throw new BusyError(`A text of order ${orderId} is being sent`);
  const { publish = [], ...started } = startText(notification, [next, ...others], contact, trace, rules);
  const all = [...known, ...publish];
  return all.length === 0 ? started : { ...started, publish: all };
}

/** Sends the first of the open texts under a lease, or refuses them all with their number; in quiet hours, records without a lease that it waits. */
function startText(
  current: Notification,
  open: readonly [Template, ...Template[]],
  { phone, locale, orderNumber, forgotten }: Contact,
  trace: TraceContext,
  { now, leaseSeconds, numberRefusal, frameFor, quietUntil }: NotificationRules,
): Transition<Notification, OutgoingText> {
  const [template] = open;
  const notification = withoutSuperseded(current, template);
  const reason = phone === undefined ? 'invalid-number' : numberRefusal?.(phone);
  if (phone === undefined || reason !== undefined) {
    const refusal = { reason: reason ?? 'invalid-number', ...(forgotten && { forgotten }) };
    return recordRefusal(notification, open, refusal, trace, now);
  }
  const { orderId } = notification;
  const message = textFor(template, locale, orderNumber ?? orderId, frameFor?.(phone));
  const text = { orderId, trace, template, phone, message };
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
      return noted(current, 'delayed');
    case orderConfirmed.type: {
      const contents = contentsOf(event.data);
      if (differs(current.contents, contents)) {
        throw new ConflictError(
          `Order ${current.orderId} is confirmed with another total or other items than were placed`,
        );
      }
      return current.decision === undefined ? { ...current, contents, decision: 'order-confirmed' } : current;
    }
    case orderDispatched.type:
      return noted(current, 'dispatched');
    case paymentRefunded.type:
      return noted(current, 'refunded');
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

const noted = (current: Notification, fact: 'delayed' | 'dispatched' | 'refunded'): Notification =>
  current[fact] ? current : { ...current, [fact]: true };

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

/** Texts that a cancellation must not overtake. */
const UNDONE_BY_CANCELLATION: readonly Template[] = ['order-confirmed', 'order-shipped', 'order-refunded'];

/** Lists the texts that the customer is to have by now, in the sequence in which they are sent. */
function dueTemplates(
  { decision, delayed, dispatched, refunded }: Notification,
  { textWhenPlaced, textWhenShipped = false, textWhenRefunded = true }: NotificationRules,
): readonly Template[] {
  if (decision === 'order-cancelled') return [decision];
  if (decision === 'order-confirmed') {
    return [
      decision,
      ...(dispatched && textWhenShipped ? ['order-shipped' as const] : []),
      ...(refunded && textWhenRefunded ? ['order-refunded' as const] : []),
    ];
  }
  if (delayed) return ['order-delayed'];
  return textWhenPlaced ? ['order-placed'] : [];
}

function onSendResult(
  notification: Notification | undefined,
  { text: { orderId, template, trace }, unknownOutcome, refused }: SendResult,
  rules: NotificationRules,
): Transition<Notification, OutgoingText> {
  if (notification === undefined) throw new ConflictError(`The record of order ${orderId} disappeared`);
  const time = rules.now.toISOString();
  if (refused !== undefined)
    return withNextText(recordRefusal(notification, [template], { reason: refused }, trace, rules.now), trace, rules);
  if (unknownOutcome)
    return withNextText({ after: withTextState(notification, template, { unansweredAt: time }) }, trace, rules);
  const after = withTextState(notification, template, { sentAt: time });
  return withNextText({ after, publish: [sentEvent(orderId, template, time, trace)] }, trace, rules);
}

/** Goes on with the text that had to wait for the one whose result is recorded, unless another message has begun it. */
function withNextText(
  recorded: Recorded,
  trace: TraceContext,
  rules: NotificationRules,
): Transition<Notification, OutgoingText> {
  const { contact, texts } = recorded.after;
  const [next, ...others] = dueTemplates(recorded.after, rules).filter((template) => !isSettled(texts[template]));
  if (next === undefined || texts[next] !== undefined || contact === undefined) return recorded;
  const { publish = [], ...started } = startText(recorded.after, [next, ...others], contact, trace, rules);
  return { ...recorded, ...started, publish: [...(recorded.publish ?? []), ...publish] };
}

type Recorded = { after: Notification; publish?: readonly CloudEvent[] };

const withTextState = (notification: Notification, template: Template, state: TextState): Notification => ({
  ...notification,
  texts: { ...notification.texts, [template]: state },
});

/** Records that texts will never be sent, and publishes the reason. */
function recordRefusal(
  notification: Notification,
  templates: readonly Template[],
  refusal: Refusal,
  trace: TraceContext,
  now: Date,
): Recorded {
  const state = { refusedAt: now.toISOString(), ...refusal };
  return {
    after: templates.reduce((record, template) => withTextState(record, template, state), notification),
    publish: templates.map((template) => refusedEvent(notification.orderId, template, state, trace)),
  };
}
