import { buildEvent } from '../../contracts/cloud-event.ts';
import { notificationSent, type Template } from '../../contracts/notification.ts';
import {
  type OrderCancelled,
  type OrderConfirmed,
  type OrderPlaced,
  orderConfirmed,
  orderPlaced,
} from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError, ContradictionError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Step } from '../runtime/state-machine.ts';
import { textFor } from './texts.ts';

/** A text that somebody is sending, until when nobody else may, or one that was sent, and when. Times in ISO 8601. */
type TextState = { sendingUntil: string } | { sentAt: string };

/** What is kept to text a customer once: whom, what about, and which texts are under way or out. */
export type Notification = OrderRecord & {
  contact?: { phone: string; locale: string };
  decision?: 'order-confirmed' | 'order-cancelled';
  texts: Partial<Record<Template, TextState>>;
};

export type NotificationInput = OrderPlaced | OrderConfirmed | OrderCancelled;

/** A text to send: to whom, which, in which words. */
export type SendText = {
  orderId: string;
  traceparent: string | undefined;
  template: Template;
  phone: string;
  message: string;
};

/** A text that went out. */
export type TextSent = { sent: SendText };

/** The settings of the rules and their clock. `leaseSeconds`: longer than one invocation can live. */
export type NotificationRules = { now: Date; leaseSeconds: number; textWhenPlaced: boolean };

/** Takes what is known of an order's texts and a delivery or a sent text and gives what to write, send and publish. */
export function nextNotification(
  notification: Notification | undefined,
  input: Delivery<NotificationInput> | TextSent,
  rules: NotificationRules,
): Step<Notification, SendText> {
  if ('sent' in input) return onSent(notification, input.sent, rules);
  const { event } = input;
  const { orderId } = event.data;
  const known: Notification = notification ?? { orderId, version: 0, texts: {} };
  const learned = learn(known, event);
  const template = due(learned, rules);
  const { contact } = learned;
  const unchanged = learned === known ? {} : { after: learned };
  if (template === undefined || contact === undefined) return unchanged;

  const state = learned.texts[template];
  if (state !== undefined && 'sentAt' in state) {
    return { ...unchanged, publish: [sentEvent(orderId, template, state.sentAt, event.traceparent)] };
  }
  if (state !== undefined && new Date(state.sendingUntil) > rules.now) {
    throw new BusyError(`The text ${template} of order ${orderId} is being sent`);
  }
  const sendingUntil = new Date(rules.now.getTime() + rules.leaseSeconds * 1000).toISOString();
  const message = textFor(template, contact.locale, orderId);
  return {
    after: { ...learned, texts: { ...learned.texts, [template]: { sendingUntil } } },
    action: { orderId, traceparent: event.traceparent, template, phone: contact.phone, message },
  };
}

function learn(known: Notification, event: NotificationInput): Notification {
  if (event.type === orderPlaced.type) {
    const { phone, locale } = event.data.customer;
    return known.contact === undefined ? { ...known, contact: { phone, locale } } : known;
  }
  const decision = event.type === orderConfirmed.type ? 'order-confirmed' : 'order-cancelled';
  if (known.decision === undefined) return { ...known, decision };
  if (known.decision === decision) return known;
  throw new ContradictionError(`Order ${known.orderId} was already decided otherwise`);
}

function due({ decision }: Notification, { textWhenPlaced }: NotificationRules): Template | undefined {
  return decision ?? (textWhenPlaced ? 'order-placed' : undefined);
}

function onSent(
  notification: Notification | undefined,
  { orderId, template, traceparent }: SendText,
  { now }: NotificationRules,
): Step<Notification, SendText> {
  if (notification === undefined) throw new ContradictionError(`The record of order ${orderId} disappeared`);
  const sentAt = now.toISOString();
  return {
    after: { ...notification, texts: { ...notification.texts, [template]: { sentAt } } },
    publish: [sentEvent(orderId, template, sentAt, traceparent)],
  };
}

const sentEvent = (orderId: string, template: Template, time: string, traceparent: string | undefined) =>
  buildEvent(notificationSent, {
    id: `${orderId}.${template}`,
    time,
    subject: orderId,
    traceparent,
    data: { orderId, template },
  });
