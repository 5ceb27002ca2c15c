import { progress } from '../common/order.ts';
import { orderInput } from '../common/schemas.ts';
import { consume } from './consumer.ts';

void consume('order', orderInput, (event) => progress(event, 'once'));
