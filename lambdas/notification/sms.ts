import { InvalidParameterException, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { UnavailableError } from '../runtime/failure.ts';

/** Takes an E.164 number and a text and sends it; throws when it was not accepted. */
export type SendSms = (phone: string, message: string) => Promise<void>;

/** Gives an `SendSms` over Amazon SNS. The SDK does not repeat a call by itself: a repeated text is worse than a late one. */
export function snsSms(client = new SNSClient({ maxAttempts: 1 })): SendSms {
  return async (phone, message) => {
    const text = new PublishCommand({
      PhoneNumber: phone,
      Message: message,
      MessageAttributes: { 'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' } },
    });
    try {
      await client.send(text);
    } catch (error) {
      if (error instanceof InvalidParameterException) throw error;
      throw new UnavailableError(`SMS could not be sent: ${error instanceof Error ? error.name : typeof error}`);
    }
  };
}
