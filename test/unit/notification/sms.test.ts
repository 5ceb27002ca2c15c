import { InvalidParameterException, type PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { snsSms } from '../../../lambdas/notification/sms.ts';
import { describeError, treatmentOf } from '../../../lambdas/runtime/failure.ts';

const PHONE = '+821012345678';

function sns(refusal?: Error) {
  const calls: PublishCommand['input'][] = [];
  const client = {
    async send({ input }: PublishCommand) {
      calls.push(input);
      if (refusal !== undefined) throw refusal;
      return { MessageId: 'm-1' };
    },
  };
  return { calls, send: snsSms(client as unknown as SNSClient) };
}

const refusal = (name: string, message: string) => Object.assign(new Error(message), { name });

const thrownBy = async (action: Promise<unknown>) =>
  action.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('A text', () => {
  test('goes to its number as a transactional message, in one call', async () => {
    const { calls, send } = sns();
    await send(PHONE, 'Your order is confirmed.');
    expect(calls).toEqual([
      {
        PhoneNumber: PHONE,
        Message: 'Your order is confirmed.',
        MessageAttributes: { 'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' } },
      },
    ]);
  });

  test('that SNS cannot take right now is tried again later', async () => {
    const { send } = sns(refusal('ThrottledException', 'Rate exceeded'));
    expect(treatmentOf(await thrownBy(send(PHONE, 'x'))).verdict).toBe('retry');
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

  test.each([invalid, optedOut])('that can never arrive is not tried for a day: %s', async (permanent) => {
    expect(treatmentOf(await thrownBy(sns(permanent).send(PHONE, 'x'))).verdict).toBe('dead-letter');
  });
});
