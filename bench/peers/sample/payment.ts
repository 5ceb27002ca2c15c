import { pay } from '../common/payment.ts';
import { consumer } from './consumer.ts';

export const handler = consumer((event: Parameters<typeof pay>[0]) => pay(event));
