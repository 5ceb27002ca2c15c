import {
  InvalidParameterException,
  type MessageAttributeValue,
  OptedOutException,
  PublishCommand,
  SNSClient,
  type SNSClientConfig,
} from '@aws-sdk/client-sns';
import type { RefusalReason } from '../../contracts/notification.ts';
import { describeError, RetryAtError, UnavailableError, UnknownOutcomeError } from '../runtime/failure.ts';
import { log } from '../runtime/log.ts';
import type { WithinDailyLimit } from './daily-limit.ts';
import type { SendText, TextSent } from './rules.ts';
import type { SmsSettings } from './sms-settings.ts';

/** A number does not take texts: that is an outcome, not a failure. */
export class NumberRefusedError extends Error {
  override name = 'NumberRefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`The number gets no text: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Takes an E.164 number and a text and sends it; throws when it was not accepted, `UnknownOutcomeError` when nobody can tell, and
 * `NumberRefusedError` where the number is why.
 */
export type SendSms = (phone: string, message: string) => Promise<void>;

/** How long a text may take: less than the circuit breaker waits for any call. */
export const SMS_TIMEOUT_MS = 8_000;

/**
 * A client for texts. The SDK does not repeat a call by itself: a repeated text is worse than a late one. It gives up before the
 * circuit breaker does, and says by itself whether it got through to SNS; and it connects anew for each text, for a connection
 * that went stale while the function slept ends as an answer that got lost would.
 */
export const smsClient = (config: SNSClientConfig = {}, timeoutMs = SMS_TIMEOUT_MS) =>
  new SNSClient({
    ...config,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: timeoutMs / 2,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: false },
      httpAgent: { keepAlive: false },
    },
  });

/** Gives a `SendSms` over Amazon SNS, which knows who has opted out and refuses to text them. */
export function snsSms(
  { senderId, maxPrice }: Pick<SmsSettings, 'senderId' | 'maxPrice'>,
  client = smsClient(),
): SendSms {
  const attribute = (DataType: 'String' | 'Number', StringValue: string): MessageAttributeValue => ({
    DataType,
    StringValue,
  });
  // https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
  const MessageAttributes = {
    'AWS.SNS.SMS.SMSType': attribute('String', 'Transactional'),
    'AWS.SNS.SMS.MaxPrice': attribute('Number', maxPrice),
    ...(senderId === undefined ? {} : { 'AWS.SNS.SMS.SenderID': attribute('String', senderId) }),
  };
  return async (phone, message) => {
    const text = new PublishCommand({ PhoneNumber: phone, Message: message, MessageAttributes });
    try {
      await client.send(text);
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal !== undefined) throw new NumberRefusedError(refusal);
      if (error instanceof InvalidParameterException) throw error;
      const name = error instanceof Error ? error.name : typeof error;
      if (mayHaveBeenSent(error)) throw new UnknownOutcomeError(`SNS did not say whether it took the text: ${name}`);
      throw new UnavailableError(`SMS could not be sent: ${name}`);
    }
  };
}

/** Takes what SNS threw and gives why the number, of all things, gets no text. */
function refusalIn(error: unknown): RefusalReason | undefined {
  if (error instanceof OptedOutException) return 'opted-out';
  if (!(error instanceof InvalidParameterException)) return undefined;
  if (/opted out/i.test(error.message)) return 'opted-out';
  return /phone ?number/i.test(error.message) ? 'invalid-number' : undefined;
}

/**
 * Takes what sends a text, and what says whether its number may have one more today, and gives what carries it out at most once: a
 * text of which nobody can tell is noted, said in the log, and not sent again. The customer who gets none finds the order in the
 * shop; one who is texted again and again does not trust it. A text that is not due yet waits in the queue.
 */
export const sendTextOnce =
  (send: (text: SendText) => Promise<void>, withinLimit: WithinDailyLimit = async () => true) =>
  async (text: SendText): Promise<TextSent> => {
    const { orderId, notBefore } = text;
    if (notBefore !== undefined) throw new RetryAtError(notBefore);
    const refused = (reason: RefusalReason): TextSent => {
      log.warn(`a text is refused: ${reason}`, { consumer: 'notification', orderId });
      return { sent: text, refused: reason };
    };
    if (!(await withinLimit(text))) return refused('too-many');
    try {
      await send(text);
      return { sent: text };
    } catch (error) {
      if (error instanceof NumberRefusedError) return refused(error.reason);
      if (!(error instanceof UnknownOutcomeError)) throw error;
      log.warn('a text may not have gone out, and is not sent again', {
        consumer: 'notification',
        orderId,
        ...describeError(error),
      });
      return { sent: text, unknownOutcome: true };
    }
  };

type Failed = Error & { code?: string; syscall?: string; $metadata?: { httpStatusCode?: number } };

const CUT_OFF = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** True where the request reached SNS, as far as we know, and no answer says that it refused. */
function mayHaveBeenSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code = '', syscall, $metadata }: Failed = error;
  const status = $metadata?.httpStatusCode;
  // A success that cannot be read is one nevertheless.
  if (status !== undefined) return status < 300;
  const unconnected = syscall === 'connect' || error instanceof AggregateError || /establish/.test(message);
  return !unconnected && (name === 'TimeoutError' || CUT_OFF.has(code));
}
