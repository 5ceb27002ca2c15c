import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { callLimits } from '../runtime/call-limits.ts';
import type { Forwarder } from '../runtime/consume.ts';
import { UnavailableError } from '../runtime/failure.ts';
import { type Seal, UNWRAPPED_ATTRIBUTE } from '../runtime/unwrapped.ts';

/**
 * Publishes bare events on the orders topic, sealed as unwrapped. The consumers whose subscriptions filter on the body never saw the wrapped
 * ones: nobody would charge or reserve such an order.
 */
export const topicForwarder = (
  topicArn: string,
  seal: Seal,
  client: Pick<SNSClient, 'send'> = new SNSClient(callLimits()),
): Forwarder => ({
  seal,
  publish: (bodies) =>
    Promise.all(
      bodies.map((Message) =>
        client
          .send(
            new PublishCommand({
              TopicArn: topicArn,
              Message,
              MessageAttributes: { [UNWRAPPED_ATTRIBUTE]: { DataType: 'String', StringValue: seal(Message) } },
            }),
          )
          .then(
            () => undefined,
            (error: unknown) =>
              new UnavailableError('The orders topic did not take an unwrapped event', { cause: error }),
          ),
      ),
    ),
});
