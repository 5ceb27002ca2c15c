import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { setting } from '../../../lambdas/runtime/settings.ts';

const sns = new SNSClient({});
const TopicArn = setting('LIFECYCLE_TOPIC_ARN');

/** Publishes one step on the FIFO topic, an order's steps in one group; the topic drops a step it was given already. */
export async function publishStep(step: OrderProgressed): Promise<void> {
  await sns.send(
    new PublishCommand({
      TopicArn,
      Message: JSON.stringify(step),
      MessageGroupId: step.data.orderId,
      MessageDeduplicationId: step.id,
    }),
  );
}
