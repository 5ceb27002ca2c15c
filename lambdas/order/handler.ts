import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { sealer } from '../runtime/unwrapped.ts';
import { consumes } from './consumes.ts';
import { topicForwarder } from './forward.ts';
import { orderConsumer } from './order-consumer.ts';
import { refusalOf } from './refusal.ts';

export const handler = lambdaHandler('order', () => {
  const key = requireEnv('CUSTOMER_HASH_KEY');
  return orderConsumer('order', consumes, {
    // Anybody who publishes orders writes to its queue.
    replays: [],
    refusalOf,
    customerHash: customerHasher(key),
    forward: topicForwarder(requireEnv('ORDERS_TOPIC_ARN'), sealer(key)),
  });
});
