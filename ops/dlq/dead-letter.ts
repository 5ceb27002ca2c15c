import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type DeadLetterReason, readReason } from '../../lambdas/runtime/dead-letter-reason.ts';
import { extractLogFields } from '../../lambdas/runtime/log-fields.ts';
import { MAX_MESSAGE_ATTRIBUTES } from '../../lambdas/runtime/message-size.ts';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { forwardsWrapped, openEnvelopes, withoutDeliveryEnvelope } from './envelope.ts';
import { layOut } from './json-text.ts';
import { redact } from './redact.ts';

/** A message's attributes, as SQS holds them. */
export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/** A message as received from a dead-letter queue. */
export type ReceivedMessage = {
  /** Its id in the dead-letter queue; a message that is put back and fails again is another dead letter. */
  id: string;
  consumer: string;
  body: string;
  attributes: MessageAttributes;
  /** The system attributes of SQS: `SentTimestamp`, `MessageGroupId`, `AWSTraceHeader` and the like. */
  system: Readonly<Record<string, string>>;
  /** Valid until the message is received again. */
  receiptHandle: string;
};

/** Why a message is in a dead-letter queue. */
export type Cause = {
  errorType: string;
  reason: string;
  /** When it failed; if the sender did not say, when it was sent. RFC 3339. */
  failedAt: string;
  attempts: number | undefined;
};

export type DeadLetter = ReceivedMessage & Cause;

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

/** Returns when a dead letter was sent to its queue, in milliseconds since the epoch. */
export const sentAt = ({ system }: Pick<DeadLetter, 'system'>): number => Number(system.SentTimestamp ?? 0);

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
export const messageKeyOf = (deadLetter: DeadLetter): string =>
  layOut(openEnvelopes(originalMessage(deadLetter).body).event);

type Sender = 'eventBridge' | 'sns' | 'sqs' | 'unknown';

/** The attributes by which each sender but a consumer says why. */
const FAILURE_ATTRIBUTES: Readonly<Record<Sender, readonly string[]>> = {
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
  eventBridge: ['RULE_ARN', 'TARGET_ARN', 'ERROR_CODE', 'ERROR_MESSAGE', 'EXHAUSTED_RETRY_CONDITION', 'RETRY_ATTEMPTS'],
  // What LocalStack writes for a subscription; AWS documents none.
  sns: ['RequestID', 'ErrorCode', 'ErrorMessage'],
  sqs: [],
  unknown: [],
};

/** Finds who sent a dead letter to its queue; `reason` is there if its consumer did. */
function originOf({ attributes, system, consumer }: Pick<ReceivedMessage, 'attributes' | 'system' | 'consumer'>): {
  sender: Sender | 'consumer';
  reason?: DeadLetterReason;
  failureAttributes: readonly string[];
} {
  const bySender = (sender: Sender) => ({ sender, failureAttributes: FAILURE_ATTRIBUTES[sender] });
  // SQS moves a message as it is: all attributes are its publisher's.
  if (system.DeadLetterQueueSourceArn !== undefined) return bySender('sqs');
  const read = readReason(attributes, consumer);
  if (read !== undefined) return { sender: 'consumer', reason: read.reason, failureAttributes: read.names };
  if (attributes.RULE_ARN !== undefined || attributes.TARGET_ARN !== undefined) return bySender('eventBridge');
  if (attributes.RequestID !== undefined && attributes.ErrorMessage !== undefined) return bySender('sns');
  return bySender('unknown');
}

/** Explains in plain words why a message is in a dead-letter queue, whoever sent it there. */
function causeOf(received: ReceivedMessage): Cause {
  const text = (name: string) => received.attributes[name]?.StringValue;
  const sent = { failedAt: new Date(sentAt(received)).toISOString(), attempts: undefined };
  const join = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(': ');
  const { sender, reason } = originOf(received);
  if (reason !== undefined) {
    const { errorType, errorMessage, failedAt, attempts } = reason;
    return { errorType, reason: redact(errorMessage), failedAt, attempts };
  }
  switch (sender) {
    case 'eventBridge':
      return {
        ...sent,
        errorType: 'NotDelivered',
        reason: redact(join('EventBridge could not deliver it', text('ERROR_CODE'), text('ERROR_MESSAGE'))),
        attempts: toNumber(text('RETRY_ATTEMPTS')),
      };
    case 'sns':
      return {
        ...sent,
        errorType: 'NotDelivered',
        reason: redact(join('SNS could not deliver it', text('ErrorCode'), text('ErrorMessage'))),
      };
    case 'sqs':
      return {
        ...sent,
        errorType: 'ReceivedTooOften',
        reason: `the function of ${received.consumer} died each time it had this message, without a word: see its log`,
      };
    default:
      return { ...sent, errorType: 'NoReasonGiven', reason: absenceOfReason(received) };
  }
}

const absenceOfReason = ({ attributes }: Pick<ReceivedMessage, 'attributes'>): string =>
  Object.keys(attributes).length >= MAX_MESSAGE_ATTRIBUTES
    ? 'no reason could be attached: its publisher used all ten attributes (the log has it)'
    : 'it carries no reason: there was no room for one (the log has it), or somebody put it here by hand';

const toNumber = (text: string | undefined) =>
  text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text);

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
 * its publisher wrapped it. A consumer that forwards what is wrapped gets that as it came: the others never got it, and will not otherwise.
 */
function unwrapEnvelope(deadLetter: DeadLetter): string {
  const delivered = withoutDeliveryEnvelope(deadLetter.body, originOf(deadLetter).sender);
  return forwardsWrapped(deadLetter.consumer) ? delivered : openEnvelopes(delivered).event;
}

/** Parses JSON, also after a byte-order mark; returns `undefined` for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
