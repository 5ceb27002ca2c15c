import { shippingInput } from '../common/schemas.ts';
import { follow } from '../common/shipping.ts';
import { consumer } from './consumer.ts';

export const handler = consumer('shipping', shippingInput, (event) => follow(event, 'unguarded'), { fifo: true });
