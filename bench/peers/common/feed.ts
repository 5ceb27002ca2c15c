import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

const sns = new SNSClient({});
const TopicArn = requireEnv('LIFECYCLE_TOPIC_ARN');

/** Publishes one step of an order on the FIFO topic, which drops duplicates; an order's steps share a message group. */
export async function publishStep(step: OrderProgressed): Promise<void> {
  const { id, data } = step;
  const Message = JSON.stringify(step);
  await sns.send(new PublishCommand({ TopicArn, Message, MessageGroupId: data.orderId, MessageDeduplicationId: id }));
}
