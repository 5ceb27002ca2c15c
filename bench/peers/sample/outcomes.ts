import { progress } from '../common/order.ts';
import { consumer } from './consumer.ts';

export const handler = consumer((event: Parameters<typeof progress>[0]) => progress(event, 'unguarded'));
