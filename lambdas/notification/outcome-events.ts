import { buildEvent, type CloudEvent, type TraceContext } from '../../contracts/cloud-event.ts';
import {
  notificationRefused,
  notificationSent,
  type RefusalReason,
  type Template,
} from '../../contracts/notification.ts';

/** Builds the event of a text that will never be sent. */
export const refusedEvent = (
  orderId: string,
  template: Template,
  { refusedAt, reason }: { refusedAt: string; reason: RefusalReason },
  trace: TraceContext,
): CloudEvent =>
  buildEvent(notificationRefused, {
    id: `${orderId}.${template}.refused`,
    time: refusedAt,
    subject: orderId,
    trace,
    data: { orderId, template, reason },
  });

/** Builds the event of a text that was sent. */
export const sentEvent = (orderId: string, template: Template, time: string, trace: TraceContext): CloudEvent =>
  buildEvent(notificationSent, {
    id: `${orderId}.${template}`,
    time,
    subject: orderId,
    trace,
    data: { orderId, template },
  });
