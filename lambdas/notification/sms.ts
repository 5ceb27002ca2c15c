import {
  InvalidParameterException,
  type MessageAttributeValue,
  OptedOutException,
  PublishCommand,
  SNSClient,
  type SNSClientConfig,
} from '@aws-sdk/client-sns';
import type { RefusalReason } from '../../contracts/notification.ts';
import { callLimits } from '../runtime/call-limits.ts';
import { describeForLog, RetryAtError, UnavailableError, UnknownOutcomeError } from '../runtime/failure.ts';
import { type Fence, fenceFor } from '../runtime/fence.ts';
import { log } from '../runtime/log.ts';
import type { CheckDailyLimit } from './daily-limit.ts';
import type { OutgoingText, SendResult } from './rules.ts';
import type { SmsSettings } from './sms-settings.ts';

/** SNS refuses to text this number. A final outcome: retrying cannot help. */
export class NumberRefusedError extends Error {
  override name = 'NumberRefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`The number gets no text: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Sends a text to an E.164 number. Throws `NumberRefusedError` if SNS refuses the number, `UnknownOutcomeError` if SNS may or may not
 * have accepted the text, and another error if it did not.
 */
export type SendSms = (phone: string, message: string, fence: Fence) => Promise<void>;

/** The timeout of one send. Shorter than the circuit breaker's timeout for a call. */
export const SMS_TIMEOUT_MS = 8_000;

/**
 * Creates the SNS client for texts. SDK retries are off, because a duplicate text is worse than a late one. The client times out
 * before the circuit breaker does, so that its error tells whether the request reached SNS. It opens a connection per text:
 * a kept-alive connection that went stale while the function was frozen fails in the same way as a lost response.
 */
export const smsClient = (config: SNSClientConfig = {}, timeoutMs = SMS_TIMEOUT_MS) =>
  new SNSClient({
    ...config,
    ...callLimits({ attempts: 1, attemptMs: timeoutMs, keepAlive: false }),
  });

/** Sends texts through Amazon SNS, which keeps the list of numbers that opted out and refuses them. */
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
  return async (phone, message, fence) => {
    const text = new PublishCommand({ PhoneNumber: phone, Message: message, MessageAttributes });
    fence.check();
    try {
      await client.send(text, { abortSignal: fence.signal });
    } catch (error) {
      const reason = refusalReasonOf(error);
      if (reason !== undefined) throw new NumberRefusedError(reason);
      if (error instanceof InvalidParameterException) throw error;
      const name = error instanceof Error ? error.name : typeof error;
      if (mayHaveBeenSent(error)) throw new UnknownOutcomeError(`SNS did not say whether it took the text: ${name}`);
      throw new UnavailableError(`SMS could not be sent: ${name}`, { cause: error });
    }
  };
}

/** Returns the reason if SNS refused the number itself, as opposed to the request or the account. */
function refusalReasonOf(error: unknown): RefusalReason | undefined {
  if (error instanceof OptedOutException) return 'opted-out';
  if (!(error instanceof InvalidParameterException)) return undefined;
  if (/opted out/i.test(error.message)) return 'opted-out';
  return /phone ?number/i.test(error.message) ? 'invalid-number' : undefined;
}

/**
 * Runs the send effect at most once per text, before the invocation and the text's lease end. A text of unknown outcome is recorded and logged, and not sent again: a customer who
 * gets no text still finds the order in the shop, one who is texted repeatedly stops trusting it. Throws `RetryAtError` during quiet
 * hours, so that the message waits in the queue.
 */
export const sendTextOnce =
  (send: (text: OutgoingText, fence: Fence) => Promise<void>, withinLimit: CheckDailyLimit = async () => true) =>
  async (text: OutgoingText, fence: Fence): Promise<SendResult> => {
    const { orderId, notBefore, sendingUntil } = text;
    if (notBefore !== undefined) throw new RetryAtError(notBefore);
    const ownFence = sendingUntil === undefined ? fence : fenceFor(Date.parse(sendingUntil) - Date.now(), fence);
    const refused = (reason: RefusalReason): SendResult => {
      log.warn(`a text is refused: ${reason}`, { consumer: 'notification', orderId });
      return { text, refused: reason };
    };
    if (!(await withinLimit(text))) return refused('too-many');
    try {
      await send(text, ownFence);
      return { text };
    } catch (error) {
      if (error instanceof NumberRefusedError) return refused(error.reason);
      if (!(error instanceof UnknownOutcomeError)) throw error;
      log.warn('a text may not have gone out, and is not sent again', {
        consumer: 'notification',
        orderId,
        ...describeForLog(error),
      });
      return { text, unknownOutcome: true };
    }
  };

type NetworkError = Error & { code?: string; syscall?: string; $metadata?: { httpStatusCode?: number } };

const CONNECTION_LOST_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Tells whether the request may have reached SNS and no response says that it was refused. */
function mayHaveBeenSent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code = '', syscall, $metadata }: NetworkError = error;
  const status = $metadata?.httpStatusCode;
  // A 2xx response whose body could not be parsed is still a success.
  if (status !== undefined) return status < 300;
  const neverConnected = syscall === 'connect' || error instanceof AggregateError || /establish/.test(message);
  return !neverConnected && (name === 'TimeoutError' || name === 'AbortError' || CONNECTION_LOST_CODES.has(code));
}
