import { extractLogFields } from '../../lambdas/runtime/log-fields.ts';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { type Cause, causeOf, type MessageAttributes, originOf, type ReceivedMessage } from './cause.ts';
import { needsEnvelope, openEnvelopes, withoutDeliveryEnvelope } from './envelope.ts';
import { layOut, parseJson } from './json-text.ts';
import type { Parked } from './parked.ts';

/** A message in a dead-letter queue, with its cause. */
export type DeadLetter = ReceivedMessage &
  Cause & {
    /** It is in the parking queue, and all else of it is as its dead-letter queue had it. */
    parked?: Parked;
  };

/** A message on its way back to its consumer's queue. `id` is its dead letter's. */
export type OutgoingMessage = {
  id: string;
  body: string;
  attributes: MessageAttributes;
  groupId?: string | undefined;
  traceHeader?: string | undefined;
};

/** Adds the cause to a received message. */
export const toDeadLetter = (received: ReceivedMessage): DeadLetter => ({ ...received, ...causeOf(received) });

/** Returns the FIFO message group; `undefined` in a queue without groups. */
export const groupIdOf = ({ system }: Pick<DeadLetter, 'system'>): string | undefined => system.MessageGroupId;

/** Reads the order id from the body, also inside an envelope or where it breaks the contract; `undefined` where the body has none. */
export function orderIdOf({ body }: Pick<DeadLetter, 'body'>): string | undefined {
  const message = parseJson(openEnvelopes(readReplayed(body)?.body ?? body).event);
  const orderId = property(property(property(message, 'detail') ?? message, 'data'), 'orderId');
  if (typeof orderId === 'string') return orderId;
  if (Number.isSafeInteger(orderId)) return String(orderId);
  // As the consumer's log names it: by the subject, or in a text that is no JSON.
  const logged = extractLogFields(body);
  return logged.receiptId === undefined ? logged.orderId : undefined;
}

/** Tells messages apart: dead letters of several consumers have the same key where they hold the same event, whatever envelope it is in. */
export const messageKeyOf = (deadLetter: DeadLetter): string => bodyKeyOf(originalMessage(deadLetter).body);

/** Returns the key of a body as it is sent. */
export const bodyKeyOf = (body: string): string => layOut(openEnvelopes(body).event);

/** Restores the message as its consumer would have got it: without envelope and without the attributes about the failure. */
export function originalMessage(deadLetter: DeadLetter): OutgoingMessage {
  const { failureAttributes } = originOf(deadLetter);
  return {
    id: deadLetter.id,
    body: unwrapEnvelope(deadLetter),
    attributes: Object.fromEntries(
      Object.entries(deadLetter.attributes).filter(([name]) => !failureAttributes.includes(name)),
    ),
    groupId: groupIdOf(deadLetter),
    traceHeader: rootOf(deadLetter.system.AWSTraceHeader),
  };
}

/**
 * Keeps of a trace header what ties a message to its trace. `Lineage` counts how often functions sent it on, and Lambda ends a chain after 16
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html): a message that an operator puts back begins at none.
 */
function rootOf(traceHeader: string | undefined): string | undefined {
  return traceHeader
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => /^Root=/i.test(part));
}

/**
 * Returns the body that goes back: without the envelope with which EventBridge or SNS put it into the dead-letter queue, and the bare event where
 * its publisher wrapped it. A consumer that forwards what is wrapped gets that as it came: the others never got it, and will not otherwise. So does
 * `webhooks`, whose envelope names the endpoint.
 */
function unwrapEnvelope(deadLetter: DeadLetter): string {
  const delivered = withoutDeliveryEnvelope(deadLetter.body, originOf(deadLetter).sender);
  return needsEnvelope(deadLetter.consumer) ? delivered : openEnvelopes(delivered).event;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
