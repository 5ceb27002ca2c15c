import { stockInput } from '../common/schemas.ts';
import { hold } from '../common/stock.ts';
import { consume } from './consumer.ts';

void consume('stock', stockInput, (event) => hold(event, 'once'));
