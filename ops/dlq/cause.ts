import type { Letter, Received } from './letter.ts';

/** Why a letter is where it is. */
export type Cause = Pick<Letter, 'errorType' | 'reason' | 'failedAt' | 'attempts'>;

/** Who put a letter into its queue, and the attributes by which it says why. */
export const SENDERS = {
  // lambdas/runtime/queue.ts
  consumer: ['errorType', 'errorMessage', 'consumer', 'failedAt', 'attempts'],
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
  eventBridge: ['RULE_ARN', 'TARGET_ARN', 'ERROR_CODE', 'ERROR_MESSAGE', 'EXHAUSTED_RETRY_CONDITION', 'RETRY_ATTEMPTS'],
  // What LocalStack writes for a subscription; AWS documents none.
  sns: ['RequestID', 'ErrorCode', 'ErrorMessage'],
} as const;

export type Sender = keyof typeof SENDERS | 'sqs' | 'unknown';

/** Tells who put a letter into its queue. */
export function senderOf({ attributes, system }: Pick<Received, 'attributes' | 'system'>): Sender {
  if (attributes.errorType !== undefined) return 'consumer';
  if (attributes.RULE_ARN !== undefined || attributes.TARGET_ARN !== undefined) return 'eventBridge';
  if (attributes.RequestID !== undefined && attributes.ErrorMessage !== undefined) return 'sns';
  return system.DeadLetterQueueSourceArn === undefined ? 'unknown' : 'sqs';
}

/** Takes what was received and says in plain words why it is there, whoever put it there. */
export function causeOf(received: Omit<Received, 'id' | 'receipt'>): Cause {
  const { system } = received;
  const text = (name: string) => received.attributes[name]?.StringValue;
  const when = { failedAt: new Date(Number(system.SentTimestamp ?? 0)).toISOString(), attempts: undefined };
  const joined = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(': ');
  switch (senderOf(received)) {
    case 'consumer':
      return {
        errorType: text('errorType') ?? '',
        reason: numberless(text('errorMessage') ?? 'no reason was given'),
        failedAt: text('failedAt') ?? when.failedAt,
        attempts: numeric(text('attempts')),
      };
    case 'eventBridge':
      return {
        ...when,
        errorType: 'NotDelivered',
        reason: numberless(joined('EventBridge could not deliver it', text('ERROR_CODE'), text('ERROR_MESSAGE'))),
        attempts: numeric(text('RETRY_ATTEMPTS')),
      };
    case 'sns':
      return {
        ...when,
        errorType: 'NotDelivered',
        reason: numberless(joined('SNS could not deliver it', text('ErrorCode'), text('ErrorMessage'))),
      };
    case 'sqs':
      return {
        ...when,
        errorType: 'ReceivedTooOften',
        reason: `the function of ${received.consumer} died each time it had this message, without a word: see its log`,
      };
    case 'unknown':
      return {
        ...when,
        errorType: 'NoReasonGiven',
        reason: 'it carries no reason: it was too large for one (the log has it), or somebody put it here by hand',
      };
  }
}

/** Takes phone numbers out of a reason: what other services quote is not ours to vouch for. */
const numberless = (reason: string) => reason.replaceAll(/\+\d{6,15}/g, '+…');

const numeric = (text: string | undefined) =>
  text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text);
