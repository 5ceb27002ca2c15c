import { follow } from '../common/shipping.ts';
import { consumer } from './consumer.ts';

export const handler = consumer((event: Parameters<typeof follow>[0]) => follow(event, 'unguarded'));
