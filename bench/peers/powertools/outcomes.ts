import { progress } from '../common/order.ts';
import { orderInput } from '../common/schemas.ts';
import { consumer } from './consumer.ts';

export const handler = consumer('outcomes', orderInput, (event) => progress(event, 'unguarded'));
