import { between } from './batches.ts';
import type { Line } from './line.ts';
import { GB, perMonth, type Situation, type Station } from './stations.ts';
import { ITEM_OVERHEAD, readUnits, writeUnits } from './units.ts';

/** What DynamoDB takes for the consumers' records. */
export function tables(situation: Situation, stations: readonly Station[]): Line[] {
  const { facts, measured } = situation;
  const { '1': one, '10': ten } = measured.batches;
  const stockBatch = stations.find(({ name }) => name === 'stock')?.batch ?? 1;
  // A text is counted on an item of its number; the counted stack has no daily limit.
  const counted = facts.textsCounted ? one.texts.count : 0;
  let [writes, reads, kept, restorable] = [one.indexWrites + counted, 0, 0, 0];
  for (const [name, table] of Object.entries(one.tables)) {
    const { itemBytes } = table;
    const transactional = between(table.transactionalWrites, ten.tables[name]?.transactionalWrites ?? 0, stockBatch);
    writes += (table.writes + 2 * transactional) * writeUnits(itemBytes);
    reads += table.reads * readUnits(itemBytes);
    // Shelves do not grow with orders.
    const bytes = name === 'stock' ? 0 : itemBytes + ITEM_OVERHEAD;
    kept += bytes;
    if (facts.tables[name]?.pointInTime) restorable += bytes;
  }
  return [
    { service: 'DynamoDB', what: 'writes', price: 'dynamodb.write', perOrder: writes },
    { service: 'DynamoDB', what: 'reads', price: 'dynamodb.read', perOrder: reads },
    {
      service: 'DynamoDB',
      what: 'a month of records: kept',
      price: 'dynamodb.storage',
      fixed: perMonth(situation, kept) / GB,
    },
    {
      service: 'DynamoDB',
      what: 'a month of records: point in time',
      price: 'dynamodb.point-in-time',
      fixed: perMonth(situation, restorable) / GB,
    },
  ];
}
