import { buildEvent } from '../../contracts/cloud-event.ts';
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
  orderConfirmed,
  orderDelayed,
  orderPlaced,
} from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError, ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { textFor } from './texts.ts';

/**
 * A text that somebody is sending, until when nobody else may; one that was sent, and when; one of which nobody can tell
 * whether it was; or one that will not be. Times in ISO 8601.
 */
type TextState =
  | { sendingUntil: string }
  | { sentAt: string }
  | { unansweredAt: string }
  | { refusedAt: string; reason: RefusalReason };

/** What is kept to text a customer once: whom, what about, and which texts are under way or out. */
export type Notification = OrderRecord & {
  contact?: { phone: string; locale: string };
  /** The order takes longer than usual; a decision makes it void. */
  delayed?: true;
  decision?: 'order-confirmed' | 'order-cancelled';
  texts: Partial<Record<Template, TextState>>;
};

export type NotificationInput = OrderPlaced | OrderDelayed | OrderConfirmed | OrderCancelled;

/** A text to send: to whom, which, in which words; not before a time, if it is night there. */
export type SendText = {
  orderId: string;
  traceparent: string | undefined;
  template: Template;
  phone: string;
  message: string;
  notBefore?: Date;
};

/** A text that went out, or of which nobody can tell, or that its number may not have. */
export type TextSent = { sent: SendText; unknownOutcome?: true; refused?: RefusalReason };

/** The settings of the rules and their clock. `leaseSeconds`: longer than one invocation can live. */
export type NotificationRules = {
  now: Date;
  leaseSeconds: number;
  textWhenPlaced: boolean;
  /** Why a number gets no text at all, if so. */
  numberRefusal?: (phone: string) => RefusalReason | undefined;
  /** When it is day again where the number is, if it is night now. */
  quietUntil?: (phone: string, now: Date) => Date | undefined;
};

/** Takes what is known of an order's texts and a delivery or a sent text and gives what to write, send and publish. */
export function nextNotification(
  notification: Notification | undefined,
  input: Delivery<NotificationInput> | TextSent,
  rules: NotificationRules,
): Transition<Notification, SendText> {
  if ('sent' in input) return onTextSent(notification, input, rules);
  const { event } = input;
  const { orderId } = event.data;
  const known: Notification = notification ?? { orderId, version: 0, texts: {} };
  const learned = applyEvent(known, event);
  const template = dueTemplate(learned, rules);
  const { contact } = learned;
  const unchanged = learned === known ? {} : { after: learned };
  if (template === undefined || contact === undefined) return unchanged;

  const state = learned.texts[template];
  if (state !== undefined && 'sentAt' in state) {
    return { ...unchanged, publish: [sentEvent(orderId, template, state.sentAt, event.traceparent)] };
  }
  // It may be out, and a second one would be worse than none.
  if (state !== undefined && 'unansweredAt' in state) return unchanged;
  if (state !== undefined && 'refusedAt' in state) {
    return { ...unchanged, publish: [refusedEvent(orderId, template, state, event.traceparent)] };
  }
  if (state !== undefined && new Date(state.sendingUntil) > rules.now) {
    throw new BusyError(`The text ${template} of order ${orderId} is being sent`);
  }
  const reason = rules.numberRefusal?.(contact.phone);
  if (reason !== undefined) return refuse(learned, template, reason, event.traceparent, rules.now);
  const sendingUntil = new Date(rules.now.getTime() + rules.leaseSeconds * 1000).toISOString();
  const message = textFor(template, contact.locale, orderId);
  const text = { orderId, traceparent: event.traceparent, template, phone: contact.phone, message };
  const notBefore = rules.quietUntil?.(contact.phone, rules.now);
  if (notBefore !== undefined) return { ...unchanged, effect: { ...text, notBefore } };
  return {
    after: withTextState(learned, template, { sendingUntil }),
    effect: text,
  };
}

function applyEvent(known: Notification, event: NotificationInput): Notification {
  if (event.type === orderPlaced.type) {
    const { phone, locale } = event.data.customer;
    return known.contact === undefined ? { ...known, contact: { phone, locale } } : known;
  }
  if (event.type === orderDelayed.type) return known.delayed ? known : { ...known, delayed: true };
  const decision = event.type === orderConfirmed.type ? 'order-confirmed' : 'order-cancelled';
  if (known.decision === undefined) return { ...known, decision };
  if (known.decision === decision) return known;
  throw new ConflictError(`Order ${known.orderId} was already decided otherwise`);
}

function dueTemplate({ decision, delayed }: Notification, { textWhenPlaced }: NotificationRules): Template | undefined {
  if (decision !== undefined) return decision;
  if (delayed) return 'order-delayed';
  return textWhenPlaced ? 'order-placed' : undefined;
}

function onTextSent(
  notification: Notification | undefined,
  { sent: { orderId, template, traceparent }, unknownOutcome, refused }: TextSent,
  { now }: NotificationRules,
): Transition<Notification, SendText> {
  if (notification === undefined) throw new ConflictError(`The record of order ${orderId} disappeared`);
  const sentAt = now.toISOString();
  if (refused !== undefined) return refuse(notification, template, refused, traceparent, now);
  if (unknownOutcome) return { after: withTextState(notification, template, { unansweredAt: sentAt }) };
  return {
    after: withTextState(notification, template, { sentAt }),
    publish: [sentEvent(orderId, template, sentAt, traceparent)],
  };
}

const withTextState = (notification: Notification, template: Template, state: TextState): Notification => ({
  ...notification,
  texts: { ...notification.texts, [template]: state },
});

/** Notes that a text will not be sent, and publishes why. */
function refuse(
  notification: Notification,
  template: Template,
  reason: RefusalReason,
  traceparent: string | undefined,
  now: Date,
): Transition<Notification, SendText> {
  const state = { refusedAt: now.toISOString(), reason };
  return {
    after: withTextState(notification, template, state),
    publish: [refusedEvent(notification.orderId, template, state, traceparent)],
  };
}

const refusedEvent = (
  orderId: string,
  template: Template,
  { refusedAt, reason }: { refusedAt: string; reason: RefusalReason },
  traceparent: string | undefined,
) =>
  buildEvent(notificationRefused, {
    id: `${orderId}.${template}.refused`,
    time: refusedAt,
    subject: orderId,
    traceparent,
    data: { orderId, template, reason },
  });

const sentEvent = (orderId: string, template: Template, time: string, traceparent: string | undefined) =>
  buildEvent(notificationSent, {
    id: `${orderId}.${template}`,
    time,
    subject: orderId,
    traceparent,
    data: { orderId, template },
  });
