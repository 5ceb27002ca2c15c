import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type LoyaltyEvent, type LoyaltyRecord, nextLoyalty } from '../../examples/loyalty/rules.ts';
import { delivery } from '../builders/deliveries.ts';
import { type CallFault, DocumentTables } from '../builders/document-tables.ts';
import { cancelled, confirmed } from '../builders/events.ts';
import { deliverAll, hiddenName, LOYALTY_TABLES, loyaltyConsumer } from '../builders/loyalty.ts';
import { deliveriesOf, expectedPoints, heardOrders, keptPoints, placedBy } from '../builders/loyalty-orders.ts';
import { quietLog } from '../builders/quiet-log.ts';

quietLog();

beforeEach(() => {
  // The pause after a lost race is random; the tests need none.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

function shop() {
  const tables = new DocumentTables(LOYALTY_TABLES);
  const first = loyaltyConsumer(tables.client);
  const points = () => keptPoints(tables.items('points').values());
  return { tables, first, second: loyaltyConsumer(tables.client), points };
}

const ofC7 = (points: number, orders: number) => ({ [hiddenName('c-7')]: { points, orders } });

describe("A customer's points", () => {
  test('are those of a confirmed order, once, however often its events come', async () => {
    const { first, second, points } = shop();
    const events = [placedBy('c-7', 'o-1'), confirmed({ orderId: 'o-1' })];
    await deliverAll([first], events, 1);
    expect(points()).toEqual(ofC7(120, 1));
    await deliverAll([first], events, 2);
    await deliverAll([second], events, 1);
    expect(points()).toEqual(ofC7(120, 1));
  });

  test('are added once where the confirmation comes before the order', async () => {
    const { first, points } = shop();
    await deliverAll([first], [confirmed({ orderId: 'o-1' })], 1);
    expect(points()).toEqual({});
    await deliverAll([first], [placedBy('c-7', 'o-1')], 1);
    expect(points()).toEqual(ofC7(120, 1));
  });

  test('are taken back by a cancellation, once', async () => {
    const { first, points } = shop();
    const cancellation = cancelled({ orderId: 'o-1' });
    await deliverAll([first], [placedBy('c-7', 'o-1'), confirmed({ orderId: 'o-1' }), placedBy('c-7', 'o-2')], 1);
    await deliverAll([first], [confirmed({ orderId: 'o-2' }), cancellation, cancellation], 1);
    expect(points()).toEqual(ofC7(120, 1));
  });

  test('are not given where the cancellation comes before the order and before its confirmation', async () => {
    const { tables, first, points } = shop();
    await deliverAll([first], [cancelled({ orderId: 'o-1' })], 1);
    expect(tables.items('loyalty').get('o-1')).toMatchObject({ status: 'CANCELLED', expiresAt: expect.any(Number) });
    await deliverAll([first], [placedBy('c-7', 'o-1'), confirmed({ orderId: 'o-1' })], 1);
    expect(points()).toEqual({});
    expect(tables.items('loyalty').get('o-1')).not.toHaveProperty('expiresAt');
  });

  test('are kept apart from those of other customers, and a guest has none', async () => {
    const { tables, first, points } = shop();
    const guest: LoyaltyEvent = placedBy('', 'o-3');
    await deliverAll([first], [placedBy('c-7', 'o-1'), placedBy('c-8', 'o-2', 500), guest], 3);
    await deliverAll(
      [first],
      [1, 2, 3].map((number) => confirmed({ orderId: `o-${number}` })),
      3,
    );
    expect(points()).toEqual({ ...ofC7(120, 1), [hiddenName('c-8')]: { points: 5, orders: 1 } });
    expect(JSON.stringify([...tables.items('loyalty').values()])).not.toContain('"c-7"');
  });

  test.each<[string, CallFault]>([
    ['its answer is lost after the write', { after: new Error('socket hang up') }],
    ['the write is lost', { before: new Error('no route') }],
    ['another transaction is at the counter', { reasons: ({ Put }) => (Put ? 'None' : 'TransactionConflict') }],
    [
      'the counter is throttled',
      { reasons: ({ Update }) => (Update?.ConditionExpression ? 'None' : 'ThrottlingError') },
    ],
  ])('are added once where %s', async (_, fault) => {
    const { tables, first, second, points } = shop();
    await deliverAll([first], [placedBy('c-7', 'o-1')], 1);
    let strikes = 1;
    tables.fault = (name) => (name === 'TransactWriteCommand' && strikes-- > 0 ? fault : undefined);
    const waiting = await first.receive([confirmed({ orderId: 'o-1' })]);
    expect(strikes).toBeLessThan(1);
    await deliverAll([second], waiting, 1);
    expect(points()).toEqual(ofC7(120, 1));
  });

  test('are right for a hundred orders that two processes confirm at once', async () => {
    const { first, second, points } = shop();
    const ids = Array.from({ length: 100 }, (_, index) => `o-${index}`);
    await deliverAll(
      [first, second],
      ids.map((orderId) => placedBy('c-7', orderId)),
      10,
    );
    await deliverAll(
      [first, second],
      ids.map((orderId) => confirmed({ orderId })),
      10,
    );
    expect(points()).toEqual(ofC7(12_000, 100));
  });

  test('cost one call for ten confirmations, and none but those of a record where nothing is counted', async () => {
    const { tables, first } = shop();
    const ids = Array.from({ length: 10 }, (_, index) => `o-${index}`);
    await first.receive(ids.map((orderId) => placedBy('c-7', orderId)));
    expect(tables.calls).toEqual(['BatchExecuteStatementCommand']);
    tables.calls.length = 0;
    await first.receive(ids.map((orderId) => confirmed({ orderId })));
    expect(tables.calls).toEqual(['TransactWriteCommand']);
  });
});

const faults = fc.array(fc.constantFrom('none', 'none', 'before', 'after', 'conflict'), { maxLength: 12 });

const faultOf = (kind: string | undefined, name: string): CallFault | undefined => {
  if (kind === undefined || kind === 'none') return undefined;
  if (kind === 'conflict' && name === 'TransactWriteCommand') return { reasons: () => 'TransactionConflict' };
  return kind === 'after' ? { after: new Error('socket hang up') } : { before: new Error('no route') };
};

test('The points of all customers are those of the confirmed orders, whatever comes twice, late, at once, or fails', async () => {
  let counted = 0;
  const cases = heardOrders.chain((orders) => fc.tuple(fc.constant(orders), deliveriesOf(orders)));
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 1, max: 10 }), faults, async ([orders, events], batchSize, kinds) => {
      const { tables, first, second, points } = shop();
      const next = kinds.values();
      tables.fault = (name) => faultOf(next.next().value, name);
      await deliverAll([first, second], events, batchSize);
      expect(points()).toEqual(expectedPoints(orders));
      counted += Object.keys(points()).length;
    }),
    { numRuns: 150 },
  );
  expect(counted).toBeGreaterThan(100);
}, 60_000);

test('An event that changes nothing is not written', () => {
  const record: LoyaltyRecord = { orderId: 'o-1', version: 2, points: 120, customer: 'hidden', status: 'CONFIRMED' };
  const decide = (event: LoyaltyEvent) => nextLoyalty(record, delivery(event), hiddenName);
  expect(decide(placedBy('c-7', 'o-1'))).toEqual({});
  expect(decide(confirmed({ orderId: 'o-1' }))).toEqual({});
});
