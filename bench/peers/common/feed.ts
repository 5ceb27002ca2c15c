import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

const sns = new SNSClient({});
const TopicArn = requireEnv('LIFECYCLE_TOPIC_ARN');

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
