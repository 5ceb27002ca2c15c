import { consumes as fromTopic } from '../order/consumes.ts';
import { orderConsumer } from '../order/order-consumer.ts';
import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { consumes } from './consumes.ts';

export const handler = orderConsumer('outcomes', consumes, {
  replays: [...fromTopic, ...consumes],
  customerHash: customerHasher(requireEnv('CUSTOMER_HASH_KEY')),
});
