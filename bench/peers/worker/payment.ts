import { pay } from '../common/payment.ts';
import { paymentInput } from '../common/schemas.ts';
import { consume } from './consumer.ts';

void consume('payment', paymentInput, pay);
