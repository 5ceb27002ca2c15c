import { pay } from '../common/payment.ts';
import { paymentInput } from '../common/schemas.ts';
import { consumer } from './consumer.ts';

export const handler = consumer('payment', paymentInput, (event) => pay(event));
