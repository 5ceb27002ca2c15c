import { orderConsumer } from '../order/order-consumer.ts';
import { consumes } from './consumes.ts';

export const handler = orderConsumer('outcomes', consumes);
