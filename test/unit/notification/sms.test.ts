import { createServer, type Server, type Socket } from 'node:net';
import { InvalidParameterException, OptedOutException, type PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { OutgoingText } from '../../../lambdas/notification/rules.ts';
import {
  NumberRefusedError,
  SMS_TIMEOUT_MS,
  sendTextOnce,
  smsClient,
  snsSms,
} from '../../../lambdas/notification/sms.ts';
import { describeError, UnavailableError, UnknownOutcomeError } from '../../../lambdas/runtime/failure.ts';
import { fenceFor, openFence } from '../../../lambdas/runtime/fence.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const PHONE = '+821012345678';
const settings = { maxPrice: '0.50' };

const log = quietLog();

function sns(refusal?: Error) {
  const calls: PublishCommand['input'][] = [];
  const client = {
    async send({ input }: PublishCommand) {
      calls.push(input);
      if (refusal !== undefined) throw refusal;
      return { MessageId: 'm-1' };
    },
  };
  return { calls, send: snsSms({ ...settings, senderId: 'Shop' }, client as unknown as SNSClient) };
}

const refusal = (name: string, message: string) => Object.assign(new Error(message), { name });

const rejectionOf = async (action: Promise<unknown>) =>
  action.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('Sending a text with SNS', () => {
  test('makes one call with the transactional type, the sender id and the maximum price', async () => {
    const { calls, send } = sns();
    await send(PHONE, 'Your order is confirmed.', openFence);
    expect(calls).toEqual([
      {
        PhoneNumber: PHONE,
        Message: 'Your order is confirmed.',
        MessageAttributes: {
          'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
          'AWS.SNS.SMS.MaxPrice': { DataType: 'Number', StringValue: '0.50' },
          'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: 'Shop' },
        },
      },
    ]);
  });

  test('is retried when SNS throttles', async () => {
    const { send } = sns(refusal('ThrottledException', 'Rate exceeded'));
    expect(failureActionFor(await rejectionOf(send(PHONE, 'x', openFence))).action).toBe('retry');
  });

  // SNS quotes the number in its message.
  const invalid = new InvalidParameterException({
    message: `Invalid parameter: PhoneNumber Reason: ${PHONE} is not valid to publish to`,
    $metadata: {},
  });
  const optedOut = new InvalidParameterException({
    message: 'Invalid parameter: Phone number is opted out',
    $metadata: {},
  });

  test('keeps the number out of the error message when SNS rejects it', async () => {
    const thrown = await rejectionOf(sns(invalid).send(PHONE, 'x', openFence));
    expect(thrown).toBeInstanceOf(Error);
    expect(describeError(thrown).errorMessage).not.toContain('821012345678');
  });

  test.each([
    ['opted-out', optedOut],
    ['opted-out', new OptedOutException({ message: 'no', $metadata: {} })],
    ['invalid-number', invalid],
  ])('throws NumberRefusedError for a number that cannot be texted: %s', async (reason, permanent) => {
    const thrown = await rejectionOf(sns(permanent).send(PHONE, 'x', openFence));
    expect(thrown).toMatchObject({ name: 'NumberRefusedError', reason });
    // Not an outage, so the circuit breaker stays closed.
    expect(thrown).not.toBeInstanceOf(UnavailableError);
  });

  test('is dead-lettered when SNS rejects another parameter than the number', async () => {
    const message = 'Invalid parameter: AWS.SNS.SMS.SenderID';
    const thrown = await rejectionOf(
      sns(new InvalidParameterException({ message, $metadata: {} })).send(PHONE, 'x', openFence),
    );
    expect(failureActionFor(thrown).action).toBe('dead-letter');
  });
});

describe('The outcome of a failed SNS call', () => {
  const error = (name: string, parts: object = {}) => Object.assign(new Error(`${name} happened`), { name, ...parts });

  test.each([
    ['a timeout', error('TimeoutError', { code: 'ETIMEDOUT' })],
    ['a connection reset', error('TimeoutError', { code: 'ECONNRESET', message: 'socket hang up' })],
    ['the end of the invocation', error('AbortError')],
    ['a truncated response', error('SyntaxError', { $metadata: { httpStatusCode: 200 } })],
  ])('is unknown after %s', async (_, refusal) => {
    expect(await rejectionOf(sns(refusal).send(PHONE, 'x', openFence))).toBeInstanceOf(UnknownOutcomeError);
  });

  test.each([
    ['connection refused', error('Error', { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['no reachable address', Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' })],
    ['a connection timeout', error('TimeoutError', { message: 'the request socket did not establish a connection' })],
    [
      'a failed TLS handshake',
      error('TimeoutError', { code: 'ECONNRESET', message: 'before secure TLS connection was established' }),
    ],
    ['an unknown host name', error('Error', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['missing credentials', error('CredentialsProviderError')],
    ['throttling', error('ThrottledException', { $metadata: { httpStatusCode: 429 } })],
    ['an SNS internal error', error('InternalErrorException', { $metadata: { httpStatusCode: 500 } })],
  ])('is a retryable failure after %s', async (_, refusal) => {
    const thrown = await rejectionOf(sns(refusal).send(PHONE, 'x', openFence));
    expect(thrown).toBeInstanceOf(UnavailableError);
    expect(thrown).not.toBeInstanceOf(UnknownOutcomeError);
  });

  /** Calls the real client against a TCP server with the given behaviour. */
  async function sendTo(
    serve: (socket: Socket) => void,
    { fence = openFence, timeoutMs = 400 } = {},
  ): Promise<unknown> {
    const open: Socket[] = [];
    const server = await new Promise<Server>((ready) => {
      const one: Server = createServer((socket) => {
        open.push(socket);
        serve(socket);
      }).listen(0, '127.0.0.1', () => ready(one));
    });
    onTestFinished(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = smsClient({ endpoint, region: 'us-east-1', credentials }, timeoutMs);
    return rejectionOf(snsSms(settings, client)(PHONE, 'x', fence));
  }

  test('is unknown when the server closes the connection, and the real client makes one attempt', async () => {
    let calls = 0;
    const thrown = await sendTo((socket) => {
      calls += 1;
      socket.once('data', () => socket.destroy());
    });
    expect(thrown).toBeInstanceOf(UnknownOutcomeError);
    expect(calls).toBe(1);
  });

  test('is unknown when the invocation ends while the server does not respond', async () => {
    const fence = fenceFor(60_000);
    const thrown = await sendTo((socket) => void socket.once('data', () => fence.abort()), {
      fence,
      timeoutMs: 60_000,
    });
    expect(thrown).toBeInstanceOf(UnknownOutcomeError);
  });

  test('is unknown when the server does not respond, and the real client times out before the circuit breaker', async () => {
    expect(await sendTo(() => {})).toBeInstanceOf(UnknownOutcomeError);
    // The circuit breaker's timeout of a call.
    expect(SMS_TIMEOUT_MS).toBeLessThan(10_000);
  });
});

describe('sendTextOnce', () => {
  const text: OutgoingText = {
    orderId: 'o-1',
    trace: {},
    template: 'order-confirmed',
    phone: PHONE,
    message: 'x',
  };

  test('reports an unknown outcome and logs it without the number', async () => {
    const perform = sendTextOnce(() => Promise.reject(new UnknownOutcomeError('no answer')));
    expect(await perform(text, openFence)).toEqual({ text, unknownOutcome: true });
    expect(log.lines.join()).toContain('a text may not have gone out');
    expect(log.lines.join()).not.toContain('8210');
  });

  test('reports a refused number as a result and logs it without the number', async () => {
    const perform = sendTextOnce(() => Promise.reject(new NumberRefusedError('opted-out')));
    expect(await perform(text, openFence)).toEqual({ text, refused: 'opted-out' });
    expect(log.lines.join()).toContain('a text is refused: opted-out');
    expect(log.lines.join()).not.toContain('8210');
  });

  test('reports too-many without calling SNS when the daily limit is reached', async () => {
    const send = vi.fn(async () => {});
    expect(await sendTextOnce(send, async () => false)(text, openFence)).toEqual({ text, refused: 'too-many' });
    expect(send).not.toHaveBeenCalled();
  });

  test('throws RetryAtError in quiet hours, without counting or sending', async () => {
    const notBefore = new Date('2026-11-22T08:00:00Z');
    const counted = vi.fn(async () => true);
    const thrown = await rejectionOf(sendTextOnce(async () => {}, counted)({ ...text, notBefore }, openFence));
    expect(thrown).toMatchObject({ name: 'RetryAtError', at: notBefore });
    expect(counted).not.toHaveBeenCalled();
  });

  test('does not act once its lease is over, although the invocation is not', async () => {
    const { calls, send } = sns();
    const perform = sendTextOnce(({ phone, message }, fence) => send(phone, message, fence));
    const sendingUntil = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const late = await rejectionOf(perform({ ...text, sendingUntil: sendingUntil(0) }, openFence));
    expect(late).toMatchObject({ name: 'DeadlineExceededError' });
    expect(calls).toEqual([]);
    await perform({ ...text, sendingUntil: sendingUntil(30) }, openFence);
    expect(calls).toHaveLength(1);
  });

  test('does not act once the invocation is over, although the lease is not', async () => {
    const { calls, send } = sns();
    const fence = fenceFor(0);
    const perform = sendTextOnce(({ phone, message }, open) => send(phone, message, open));
    const sendingUntil = new Date(Date.now() + 30_000).toISOString();
    expect(await rejectionOf(perform({ ...text, sendingUntil }, fence))).toMatchObject({
      name: 'DeadlineExceededError',
    });
    expect(calls).toEqual([]);
  });

  test('throws when the text was certainly not sent', async () => {
    const down = new UnavailableError('down');
    await expect(sendTextOnce(() => Promise.reject(down))(text, openFence)).rejects.toBe(down);
    expect(await sendTextOnce(async () => {})(text, openFence)).toEqual({ text });
  });
});
