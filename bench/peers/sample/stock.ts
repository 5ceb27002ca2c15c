import { hold } from '../common/stock.ts';
import { consumer } from './consumer.ts';

export const handler = consumer((event: Parameters<typeof hold>[0]) => hold(event, 'unguarded'));
