import { consumes as fromTopic } from '../order/consumes.ts';
import { orderConsumer } from '../order/order-consumer.ts';
import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { consumes } from './consumes.ts';

export const handler = lambdaHandler('outcomes', () =>
  orderConsumer('outcomes', consumes, {
    replays: [...fromTopic, ...consumes],
    customerHash: customerHasher(requireEnv('CUSTOMER_HASH_KEY')),
  }),
);
