import { consumer, onBus } from '../runtime/consume.ts';
import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { publishing } from '../runtime/outbox.ts';
import { consumes } from './consumes.ts';
import { stockHandler } from './reserve.ts';
import { stockTable } from './table.ts';

export const handler = lambdaHandler('stock', () =>
  consumer(
    'stock',
    consumes,
    publishing(
      stockHandler(
        stockTable(requireEnv('TABLE_NAME'), requireEnv('RESERVATIONS_TABLE_NAME')),
        () => new Date(),
        customerHasher(requireEnv('CUSTOMER_HASH_KEY')),
      ),
    ),
    onBus('stock'),
  ),
);
