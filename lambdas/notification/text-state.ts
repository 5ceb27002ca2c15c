import { buildEvent, type CloudEvent, type TraceContext } from '../../contracts/cloud-event.ts';
import {
  notificationRefused,
  notificationSent,
  type RefusalReason,
  type Template,
} from '../../contracts/notification.ts';

/**
 * State of one text: waiting for the end of quiet hours at `notBefore`; being sent under a lease until `sendingUntil`; sent; of unknown outcome
 * (`unansweredAt`: SNS did not answer); or refused for good. Times in ISO 8601.
 */
export type TextState =
  | { notBefore: string }
  | { sendingUntil: string }
  | { sentAt: string }
  | { unansweredAt: string }
  | ({ refusedAt: string } & Refusal);

/** Why a text will never be sent. `forgotten`, with `invalid-number`: the number is not kept any more. */
export type Refusal = { reason: RefusalReason; forgotten?: true };

/** Returns the moment of a text's state (ISO 8601). */
export function momentOf(state: TextState): string {
  if ('notBefore' in state) return state.notBefore;
  if ('sendingUntil' in state) return state.sendingUntil;
  if ('sentAt' in state) return state.sentAt;
  return 'refusedAt' in state ? state.refusedAt : state.unansweredAt;
}

/** Tells whether another invocation may be sending a text. */
export const isBeingSent = (state: TextState | undefined, now: Date): boolean =>
  state !== undefined && 'sendingUntil' in state && new Date(state.sendingUntil) > now;

/** Tells whether a text will not be sent any more. It may have been sent where SNS did not answer; a duplicate text is worse than none. */
export const isSettled = (state: TextState | undefined): boolean =>
  state !== undefined && ('sentAt' in state || 'unansweredAt' in state || 'refusedAt' in state);

/** Builds the event of a text's outcome, if it has one that is told. */
export function outcomeEvents(
  orderId: string,
  template: Template,
  state: TextState | undefined,
  trace: TraceContext,
): CloudEvent[] {
  if (state !== undefined && 'sentAt' in state) return [sentEvent(orderId, template, state.sentAt, trace)];
  return state !== undefined && 'refusedAt' in state ? [refusedEvent(orderId, template, state, trace)] : [];
}

/** Builds the event of a text that will never be sent. */
export const refusedEvent = (
  orderId: string,
  template: Template,
  { refusedAt, ...refusal }: { refusedAt: string } & Refusal,
  trace: TraceContext,
): CloudEvent =>
  buildEvent(notificationRefused, {
    id: `${orderId}.${template}.refused`,
    time: refusedAt,
    subject: orderId,
    trace,
    data: { orderId, template, ...refusal },
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
