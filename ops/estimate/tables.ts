import { between } from './batches.ts';
import type { Line } from './line.ts';
import { DAYS_PER_MONTH, GB, perMonth, type Situation, type Station } from './stations.ts';

/** Keys and expiry beside the body, in bytes. */
const ARCHIVE_OVERHEAD = 110;
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
const ITEM_OVERHEAD = 100;
const writeUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));
const readUnits = (bytes: number) => Math.max(1, Math.ceil(bytes / 4096));

/** What DynamoDB takes. */
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
  const lines: Line[] = [
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
  const archived = archivedEvents(situation);
  if (archived.length === 0) return lines;
  const units = archived.reduce((sum, { count, bytes }) => sum + count * writeUnits(bytes), 0);
  const bytes = archived.reduce((sum, event) => sum + event.count * (event.bytes + ITEM_OVERHEAD), 0);
  const months = facts.archiveDays / DAYS_PER_MONTH;
  lines.push(
    { service: 'DynamoDB', what: 'our archive: writes', price: 'dynamodb.write', perOrder: units },
    {
      service: 'DynamoDB',
      what: 'our archive: kept',
      price: 'dynamodb.storage',
      fixed: (perMonth(situation, bytes) / GB) * months,
    },
  );
  if (facts.tables.archive?.pointInTime) {
    const fixed = (perMonth(situation, bytes) / GB) * months;
    lines.push({ service: 'DynamoDB', what: 'our archive: point in time', price: 'dynamodb.point-in-time', fixed });
  }
  return lines;
}

/** What our archive keeps of an order: the order itself, events of the bus, steps of the feed; nothing where there is no archive. */
function archivedEvents({ facts, measured }: Situation) {
  if (facts.archiveDays === 0) return [];
  const { consumers, busEvents, feedEvents } = measured.batches['1'];
  const placed = { count: 1, bytes: consumers.payment?.messageBytes ?? 0 };
  return [placed, busEvents, feedEvents].map(({ count, bytes }) => ({ count, bytes: bytes + ARCHIVE_OVERHEAD }));
}
