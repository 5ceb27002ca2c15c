import { stockInput } from '../common/schemas.ts';
import { hold } from '../common/stock.ts';
import { consumer } from './consumer.ts';

export const handler = consumer('stock', stockInput, (event) => hold(event, 'unguarded'));
