import { stockInput } from '../common/schemas.ts';
import { hold } from '../common/stock.ts';
import { consumer } from './consumer.ts';

export const handler = consumer(stockInput, (event) => hold(event, 'once'));
