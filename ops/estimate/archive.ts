import type { Line } from './line.ts';
import { DAYS_PER_MONTH, GB, perMonth, type Situation, type Station } from './stations.ts';
import { ITEM_OVERHEAD, writeUnits } from './units.ts';

/**
 * Bytes of a pack of messages, compressed: for the pack and for each message in it. Measured with the 2,301 events of 250 orders of
 * `ops load`, 455 bytes each, whose order ids were made UUIDs, and customers, numbers, tokens, goods and amounts different ones;
 * `test/unit/archive/pack.test.ts` holds it against the code.
 */
export const packed = { pack: 300, message: 65 };
/** Keys, expiry and number of parts beside the pack. */
const BESIDE = 100;

/** What our archive takes of DynamoDB: a batch's messages are packed together; nothing where there is no archive. */
export function archive(situation: Situation, stations: readonly Station[]): Line[] {
  const { facts, measured } = situation;
  if (facts.archiveDays === 0) return [];
  const { busEvents, feedEvents } = measured.batches['1'];
  const batch = stations.find(({ name }) => name === 'archive')?.batch ?? 1;
  const packs = (1 + busEvents.count + feedEvents.count) / batch;
  const bytes = packed.pack + packed.message * batch + BESIDE;
  const gbMonths = (perMonth(situation, packs * (bytes + ITEM_OVERHEAD)) / GB) * (facts.archiveDays / DAYS_PER_MONTH);
  const lines: Line[] = [
    { service: 'DynamoDB', what: 'our archive: writes', price: 'dynamodb.write', perOrder: packs * writeUnits(bytes) },
    { service: 'DynamoDB', what: 'our archive: kept', price: 'dynamodb.storage', fixed: gbMonths },
  ];
  if (facts.tables.archive?.pointInTime)
    lines.push({
      service: 'DynamoDB',
      what: 'our archive: point in time',
      price: 'dynamodb.point-in-time',
      fixed: gbMonths,
    });
  return lines;
}
