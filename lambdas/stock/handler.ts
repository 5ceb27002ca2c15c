import { consumer } from '../runtime/consume.ts';
import { setting } from '../runtime/settings.ts';
import { consumes } from './consumes.ts';
import { reserve } from './reserve.ts';
import { stockTable } from './table.ts';

export const handler = consumer(
  'stock',
  consumes,
  reserve(stockTable(setting('TABLE_NAME'), setting('RESERVATIONS_TABLE_NAME'))),
);
