import { describe, expect, test } from 'vitest';
import { type LoyaltyEvent, type LoyaltyRecord, nextLoyalty, pointsOf } from '../../examples/loyalty/rules.ts';
import { delivery } from '../builders/deliveries.ts';
import { cancelled, confirmed, placed } from '../builders/events.ts';

/** Returns what an order counts for after these events. */
function countedAfter(...events: LoyaltyEvent[]) {
  let record: LoyaltyRecord = { orderId: 'o-1001', version: 0 };
  for (const event of events) record = nextLoyalty(record, delivery(event), (id) => `hash of ${id}`).after ?? record;
  return pointsOf(record);
}

const points = [{ key: 'hash of c-7', add: { points: 120, orders: 1 } }];

describe("An order's points count", () => {
  test('once it is placed and confirmed', () => {
    expect(countedAfter(placed())).toEqual([]);
    expect(countedAfter(placed(), confirmed())).toEqual(points);
  });

  test('the same, whatever comes twice or in another sequence', () => {
    expect(countedAfter(confirmed(), placed(), placed(), confirmed())).toEqual(points);
  });

  test('no more once it is cancelled, whenever that comes', () => {
    expect(countedAfter(placed(), confirmed(), cancelled())).toEqual([]);
    expect(countedAfter(cancelled(), confirmed(), placed())).toEqual([]);
  });
});
