import { consumes } from './consumes.ts';
import { orderConsumer } from './order-consumer.ts';
import { refusalOf } from './refusal.ts';

export const handler = orderConsumer('order', consumes, { refusalOf });
