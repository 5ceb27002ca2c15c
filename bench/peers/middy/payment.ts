import { pay } from '../common/payment.ts';
import { paymentInput } from '../common/schemas.ts';
import { consumer } from './consumer.ts';

export const handler = consumer(paymentInput, (event) => pay(event));
