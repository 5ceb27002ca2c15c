import { shippingInput } from '../common/schemas.ts';
import { follow } from '../common/shipping.ts';
import { consumer } from './consumer.ts';

export const handler = consumer(shippingInput, (event) => follow(event, 'once'), { fifo: true });
