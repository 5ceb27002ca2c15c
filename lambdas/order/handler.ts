import { consumes } from './consumes.ts';
import { orderConsumer } from './order-consumer.ts';

export const handler = orderConsumer('order', consumes);
