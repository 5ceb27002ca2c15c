import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type DeadLetterReason, readReason } from '../../lambdas/runtime/dead-letter-reason.ts';
import { MAX_MESSAGE_ATTRIBUTES } from '../../lambdas/runtime/message-size.ts';
import { redact } from './redact.ts';

/** A message's attributes, as SQS holds them. */
export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/** A message as received from a dead-letter queue. */
export type ReceivedMessage = {
  /** Its id in the dead-letter queue; a message that is put back and fails again is another dead letter. */
  id: string;
  consumer: string;
  /** The consumer is a partner: no function of the stack had the message. */
  partner?: true;
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
  /** Where in this repository's sources a mistake was met, innermost first: `lambdas/stock/plan.ts:41:17`. */
  stackTrace?: readonly string[];
};

/** Returns when a dead letter was sent to its queue, in milliseconds since the epoch. */
export const sentAt = ({ system }: Pick<ReceivedMessage, 'system'>): number => Number(system.SentTimestamp ?? 0);

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
export function originOf({
  attributes,
  system,
  consumer,
}: Pick<ReceivedMessage, 'attributes' | 'system' | 'consumer'>): {
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
export function causeOf(received: ReceivedMessage): Cause {
  const text = (name: string) => received.attributes[name]?.StringValue;
  const sent = { failedAt: new Date(sentAt(received)).toISOString(), attempts: undefined };
  const join = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(': ');
  const { sender, reason } = originOf(received);
  if (reason !== undefined) {
    const { errorType, errorMessage, failedAt, attempts, sourceLines: stackTrace } = reason;
    const cause = { errorType, reason: redact(errorMessage), failedAt, attempts };
    return stackTrace === undefined ? cause : { ...cause, stackTrace };
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
        reason: received.partner
          ? `the service of ${received.consumer}, a partner, received it again and again and never deleted it: its team knows why`
          : `the function of ${received.consumer} died each time it had this message, without a word: see its log`,
      };
    default:
      return { ...sent, errorType: 'NoReasonGiven', reason: absenceOfReason(received) };
  }
}

function absenceOfReason({ attributes, partner }: Pick<ReceivedMessage, 'attributes' | 'partner'>): string {
  if (partner) return 'it carries no reason: somebody put it here by hand';
  return Object.keys(attributes).length >= MAX_MESSAGE_ATTRIBUTES
    ? 'no reason could be attached: its publisher used all ten attributes (the log has it)'
    : 'it carries no reason: there was no room for one (the log has it), or somebody put it here by hand';
}

const toNumber = (text: string | undefined) =>
  text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text);
