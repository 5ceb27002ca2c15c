import { SNSClient } from '@aws-sdk/client-sns';
import type { SQSEvent } from 'aws-lambda';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { snsSms } from '../../../lambdas/notification/sms.ts';
import { textFor } from '../../../lambdas/notification/texts.ts';
import { lifecyclePublisher } from '../../../lambdas/order/lifecycle-publisher.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { busPublisher } from '../../../lambdas/runtime/publish.ts';
import { passedOn } from './bare.ts';
import type { Consumer } from './shop.ts';

const consumer = requireEnv('CONSUMER') as Consumer;
const publish = busPublisher(requireEnv('EVENT_BUS_NAME'));
const publishSteps = lifecyclePublisher(requireEnv('LIFECYCLE_TOPIC_ARN'));
const send = snsSms({ maxPrice: '0.50' }, new SNSClient({ maxAttempts: 1 }));

/** The floor: takes a batch, publishes all that has to travel on in as few calls as the APIs allow, sends the texts, and nothing else. */
export async function handler({ Records }: SQSEvent) {
  const passed = Records.map(({ body }) =>
    passedOn(consumer, JSON.parse(body) as CloudEvent<string, { orderId: string }>),
  );
  const events = passed.flatMap((one) => one.publish);
  const steps = passed.flatMap((one) => one.steps);
  const refused = await Promise.all([
    events.length === 0 ? [] : publish(events),
    steps.length === 0 ? [] : publishSteps(steps),
    ...passed
      .filter(({ text }) => text)
      .map(async ({ orderId }) => {
        await send('+821012345678', textFor('order-confirmed', 'ko', orderId));
        return [];
      }),
  ]);
  const failure = refused.flat().find((error) => error !== undefined);
  if (failure !== undefined) throw failure;
  return { batchItemFailures: [] };
}
