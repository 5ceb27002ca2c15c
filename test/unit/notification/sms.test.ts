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

const thrownBy = async (action: Promise<unknown>) =>
  action.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('A text', () => {
  test('goes to its number as a transactional message, from our name and at a price, in one call', async () => {
    const { calls, send } = sns();
    await send(PHONE, 'Your order is confirmed.');
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

  test('that SNS cannot take right now is tried again later', async () => {
    const { send } = sns(refusal('ThrottledException', 'Rate exceeded'));
    expect(failureActionFor(await thrownBy(send(PHONE, 'x'))).action).toBe('retry');
  });

  // SNS quotes the number in this very sentence.
  const invalid = new InvalidParameterException({
    message: `Invalid parameter: PhoneNumber Reason: ${PHONE} is not valid to publish to`,
    $metadata: {},
  });
  const optedOut = new InvalidParameterException({
    message: 'Invalid parameter: Phone number is opted out',
    $metadata: {},
  });

  test('that is refused does not put the number into the log or the dead letter', async () => {
    const thrown = await thrownBy(sns(invalid).send(PHONE, 'x'));
    expect(thrown).toBeInstanceOf(Error);
    expect(describeError(thrown).errorMessage).not.toContain('821012345678');
  });

  test.each([
    ['opted-out', optedOut],
    ['opted-out', new OptedOutException({ message: 'no', $metadata: {} })],
    ['invalid-number', invalid],
  ])('to a number that takes none is refused: %s', async (reason, permanent) => {
    const thrown = await thrownBy(sns(permanent).send(PHONE, 'x'));
    expect(thrown).toMatchObject({ name: 'NumberRefusedError', reason });
    // It is no outage: the circuit breaker stays closed.
    expect(thrown).not.toBeInstanceOf(UnavailableError);
  });

  test('that SNS refuses for another reason than its number is dead-lettered, for every text would be', async () => {
    const message = 'Invalid parameter: AWS.SNS.SMS.SenderID';
    const thrown = await thrownBy(sns(new InvalidParameterException({ message, $metadata: {} })).send(PHONE, 'x'));
    expect(failureActionFor(thrown).action).toBe('dead-letter');
  });
});

describe('Whether a text may be out', () => {
  const error = (name: string, parts: object = {}) => Object.assign(new Error(`${name} happened`), { name, ...parts });

  test.each([
    ['time was up', error('TimeoutError', { code: 'ETIMEDOUT' })],
    ['the connection was cut', error('TimeoutError', { code: 'ECONNRESET', message: 'socket hang up' })],
    ['the answer was cut short', error('SyntaxError', { $metadata: { httpStatusCode: 200 } })],
  ])('nobody can tell where %s', async (_, refusal) => {
    expect(await thrownBy(sns(refusal).send(PHONE, 'x'))).toBeInstanceOf(UnknownOutcomeError);
  });

  test.each([
    ['nobody listens', error('Error', { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['no address answers', Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' })],
    [
      'there is no connection in time',
      error('TimeoutError', { message: 'the request socket did not establish a connection' }),
    ],
    [
      'there is no encryption',
      error('TimeoutError', { code: 'ECONNRESET', message: 'before secure TLS connection was established' }),
    ],
    ['the name is not known', error('Error', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['there are no credentials', error('CredentialsProviderError')],
    ['SNS is throttling', error('ThrottledException', { $metadata: { httpStatusCode: 429 } })],
    ['SNS is broken', error('InternalErrorException', { $metadata: { httpStatusCode: 500 } })],
  ])('it is not where %s: it is sent later', async (_, refusal) => {
    const thrown = await thrownBy(sns(refusal).send(PHONE, 'x'));
    expect(thrown).toBeInstanceOf(UnavailableError);
    expect(thrown).not.toBeInstanceOf(UnknownOutcomeError);
  });

  /** The real client against a server that does with a connection as it is told. */
  async function against(serve: (socket: Socket) => void): Promise<unknown> {
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
    return thrownBy(snsSms(settings, smsClient({ endpoint, region: 'us-east-1', credentials }, 400))(PHONE, 'x'));
  }

  test('nobody can tell where the server hangs up, as the real client has it, which tries once', async () => {
    let calls = 0;
    const thrown = await against((socket) => {
      calls += 1;
      socket.once('data', () => socket.destroy());
    });
    expect(thrown).toBeInstanceOf(UnknownOutcomeError);
    expect(calls).toBe(1);
  });

  test('nobody can tell where the server does not answer; the real client gives up before the circuit breaker does', async () => {
    expect(await against(() => {})).toBeInstanceOf(UnknownOutcomeError);
    // What the breaker allows a call.
    expect(SMS_TIMEOUT_MS).toBeLessThan(10_000);
  });
});

describe('A text is sent at most once', () => {
  const text: OutgoingText = {
    orderId: 'o-1',
    traceparent: undefined,
    template: 'order-confirmed',
    phone: PHONE,
    message: 'x',
  };

  test('and noted where nobody can tell, with a line in the log that has no number', async () => {
    const perform = sendTextOnce(() => Promise.reject(new UnknownOutcomeError('no answer')));
    expect(await perform(text)).toEqual({ text, unknownOutcome: true });
    expect(log.lines.join()).toContain('a text may not have gone out');
    expect(log.lines.join()).not.toContain('8210');
  });

  test('or not at all to a number that takes none, which is an outcome, with a line in the log that has no number', async () => {
    const perform = sendTextOnce(() => Promise.reject(new NumberRefusedError('opted-out')));
    expect(await perform(text)).toEqual({ text, refused: 'opted-out' });
    expect(log.lines.join()).toContain('a text is refused: opted-out');
    expect(log.lines.join()).not.toContain('8210');
  });

  test('or not at all to a number that has had its texts of the day, and then SNS is not called', async () => {
    const send = vi.fn(async () => {});
    expect(await sendTextOnce(send, async () => false)(text)).toEqual({ text, refused: 'too-many' });
    expect(send).not.toHaveBeenCalled();
  });

  test('or later, in the night, and then nothing is counted or sent', async () => {
    const notBefore = new Date('2026-11-22T08:00:00Z');
    const counted = vi.fn(async () => true);
    const thrown = await thrownBy(sendTextOnce(async () => {}, counted)({ ...text, notBefore }));
    expect(thrown).toMatchObject({ name: 'RetryAtError', at: notBefore });
    expect(counted).not.toHaveBeenCalled();
  });

  test('or tried again where it surely is not out', async () => {
    const down = new UnavailableError('down');
    await expect(sendTextOnce(() => Promise.reject(down))(text)).rejects.toBe(down);
    expect(await sendTextOnce(async () => {})(text)).toEqual({ text });
  });
});
