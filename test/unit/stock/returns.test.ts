import { describe, expect, test } from 'vitest';
import type { OrderRefundRequested } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { stockReleased, stockReturned } from '../../../contracts/stock.ts';
import { ConflictError, WaitingError } from '../../../lambdas/runtime/failure.ts';
import type { StockInput } from '../../../lambdas/stock/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, dispatched, line, placed, priced, refundRequested } from '../../builders/events.ts';
import { stockConsumer } from '../../builders/stock-consumer.ts';

type Item = NonNullable<OrderRefundRequested['data']['items']>[number];

const ORDER = { orderId: 'o-1', items: [priced('A', 3), priced('B', 1)] };
const GOODS = [line('A', 3), line('B', 1)];
const back = (quantity: number, restock?: boolean, sku = 'A'): Item => ({
  ...line(sku, quantity),
  ...(restock === undefined ? {} : { restock }),
});
const refund = (refundId: string, ...items: Item[]) => refundRequested({ orderId: 'o-1', refundId, items });

/** A shop of ten A and ten B, three A and one B of which are sold to `o-1`. */
async function soldShop() {
  const shop = stockConsumer({ A: 10, B: 10 });
  await shop.deliver(placed(ORDER));
  await shop.deliver(confirmed({ orderId: 'o-1', items: GOODS }));
  return {
    ...shop,
    async publishedBy(event: StockInput) {
      const [result] = await shop.handle([delivery<StockInput>(event)]);
      if (result === undefined || 'failure' in result) throw result?.failure;
      return result.publish;
    },
  };
}

describe('Goods that come back with a refund', () => {
  test('are counted, go on the shelf only where they are restocked, and stay sold', async () => {
    const { table, publishedBy } = await soldShop();
    const [event, ...others] = await publishedBy(refund('r-1', back(2, true), back(1, false), back(1, true, 'B')));
    expect(others).toEqual([]);
    expect(parseEvent(JSON.stringify(event), [stockReturned])).toMatchObject({
      id: 'o-1.returned.r-1',
      data: {
        orderId: 'o-1',
        refundId: 'r-1',
        items: [back(2, true), back(1, true, 'B'), back(1, false)],
      },
    });
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 9, reserved: 0, sold: 3 });
    expect(table.shelf('B')).toEqual({ sku: 'B', available: 10, reserved: 0, sold: 1 });
  });

  test('do not go on the shelf where nothing says so', async () => {
    const { table, deliver } = await soldShop();
    expect(await deliver(refund('r-1', back(2)))).toEqual(['returned']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 7, reserved: 0, sold: 3 });
    expect(table.transactions.at(-1)).toBe(1);
  });

  test('are counted once per refund, and told with the same event each time', async () => {
    const { table, publishedBy } = await soldShop();
    const first = await publishedBy(refund('r-1', back(1, true), back(1, true)));
    const again = await publishedBy({ ...refund('r-1', back(2, true)), id: 'sent again' });
    expect(again).toEqual(first);
    expect(table.shelf('A').available).toBe(9);
  });

  test('are a conflict where the same refund came with others before', async () => {
    const { table, deliver } = await soldShop();
    await deliver(refund('r-1', back(2, true)));
    for (const other of [back(1, true), back(2, false), back(1, true, 'B')])
      expect(await deliver(refund('r-1', other))).toEqual([ConflictError.name]);
    expect(table.shelf('A').available).toBe(9);
  });

  test('are as many as were sold at most, over all refunds', async () => {
    const { table, handle, deliver } = await soldShop();
    expect(await deliver(refund('r-1', back(2, true)))).toEqual(['returned']);
    const [result] = await handle([delivery(refund('r-2', back(1, true), back(1, false), back(2, true, 'B')))]);
    expect(result).toEqual({
      failure: new ConflictError(
        'With refund r-2 of order o-1 more would be back than was sold: 4 of 3 sold pieces of A, 2 of 1 sold pieces of B',
        'data.items',
      ),
    });
    expect(await deliver(refund('r-3', back(1, true, 'C')))).toEqual([ConflictError.name]);
    expect(await deliver(refund('r-4', back(1, true), back(1, true, 'B')))).toEqual(['returned']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 10, reserved: 0, sold: 3 });
    expect([...table.shelves.keys()]).toEqual(['A', 'B']);
  });

  test('come back a hundred times at most', async () => {
    const { table, deliver } = stockConsumer({ A: 200 });
    await deliver(placed({ orderId: 'o-1', items: [priced('A', 200)] }));
    await deliver(confirmed({ orderId: 'o-1', items: [line('A', 200)] }));
    for (let number = 1; number <= 100; number += 1)
      expect(await deliver(refund(`r-${number}`, back(1)))).toEqual(['returned']);
    expect(await deliver(refund('r-101', back(1)))).toEqual([ConflictError.name]);
    expect(await deliver(refund('r-100', back(1)))).toEqual(['returned']);
    expect(table.reservations.get('o-1')?.returned).toHaveLength(100);
  });

  test('say how much money was to go back with them, if any', async () => {
    const { table, deliver } = await soldShop();
    await deliver(refund('r-1', back(1)));
    await deliver({ ...refund('r-2', back(1)), data: { ...refund('r-2', back(1)).data, amount: 0 } });
    expect(table.reservations.get('o-1')?.returned?.map(({ amount }) => amount)).toEqual([5_000, undefined]);
  });

  test('both count where two refunds come at once', async () => {
    const { table, deliver } = await soldShop();
    const refunds = ['r-1', 'r-2', 'r-3', 'r-4'].map((refundId) => refund(refundId, back(1, true)));
    const results = await Promise.all(refunds.map((event) => deliver(event)));
    expect(results.flat().toSorted()).toEqual([ConflictError.name, 'returned', 'returned', 'returned']);
    expect(table.reservations.get('o-1')?.returned).toHaveLength(3);
    expect(table.shelf('A').available).toBe(10);
  });

  test('and a cancellation at once put each piece back once', async () => {
    for (const events of [
      [refund('r-1', back(2, true)), cancelled({ orderId: 'o-1' })],
      [cancelled({ orderId: 'o-1' }), refund('r-1', back(2, true))],
    ]) {
      const { table, deliver } = await soldShop();
      await Promise.all(events.map((event) => deliver(event)));
      const { sold, available } = table.shelf('A');
      expect(available).toBe(10);
      expect(sold).toBe(table.reservations.get('o-1')?.returned === undefined ? 0 : 2);
    }
  });
});

describe('A refund', () => {
  test('without goods needs nothing of stock, and no call', async () => {
    const { table, deliver } = stockConsumer({ A: 10 });
    expect(await deliver(refundRequested({ orderId: 'unknown' }))).toEqual(['']);
    expect(table.transactions.length + table.loads).toBe(0);
  });

  test('with goods is one read and one write', async () => {
    const { table, deliver } = await soldShop();
    const before = table.transactions.length + table.loads;
    await deliver(refund('r-1', back(1, true)));
    expect(table.transactions.length + table.loads - before).toBe(2);
  });

  test('of 198 lines is one transaction of its 99 SKUs', async () => {
    const skus = Array.from({ length: 99 }, (_, index) => `S-${index}`);
    const { table, deliver } = stockConsumer(Object.fromEntries(skus.map((sku) => [sku, 5])));
    await deliver(placed({ orderId: 'o-1', items: skus.map((sku) => priced(sku, 2)) }));
    await deliver(confirmed({ orderId: 'o-1', items: skus.map((sku) => line(sku, 2)) }));
    await deliver(placed({ orderId: 'o-2', items: [priced('S-1')] }));
    const items = skus.flatMap((sku) => [back(1, true, sku), back(1, false, sku)]);
    expect(await deliver(refund('r-1', ...items), cancelled({ orderId: 'o-2' }))).toEqual(['returned', 'released']);
    expect(table.transactions.slice(-2)).toEqual([100, 2]);
  });

  test('whose order cannot be read waits, and changes nothing', async () => {
    const { table, deliver } = await soldShop();
    table.load = async () => new Map();
    expect(await deliver(refund('r-1', back(1, true)))).toEqual(['UnavailableError']);
    expect(await deliver(dispatched({ orderId: 'o-1' }))).toEqual(['UnavailableError']);
    expect(table.shelf('A').available).toBe(7);
  });

  test('of what is not restocked does not wait for a shelf that cannot be written', async () => {
    const { table, deliver } = await soldShop();
    table.blockedShelves.set('A', Object.assign(new Error('broken'), { name: 'ValidationException' }));
    expect(await deliver(placed({ orderId: 'o-2', items: [priced('A')] }), refund('r-1', back(1, false)))).toEqual([
      'ValidationException',
      'returned',
    ]);
  });
});

describe('A cancelled order of which goods came back', () => {
  test('puts the rest on the shelf, says so each time, and keeps as sold what came back before', async () => {
    const { table, publishedBy, deliver } = await soldShop();
    await deliver(refund('r-1', back(2, true), back(1, false, 'B')));
    const [event] = await publishedBy(cancelled({ orderId: 'o-1' }));
    expect(parseEvent(JSON.stringify(event), [stockReleased]).data.items).toEqual([line('A', 1)]);
    expect(await publishedBy(cancelled({ orderId: 'o-1' }))).toEqual([event]);
    expect(await publishedBy(placed(ORDER))).toEqual([event]);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 10, reserved: 0, sold: 2 });
    expect(table.shelf('B')).toEqual({ sku: 'B', available: 9, reserved: 0, sold: 1 });
  });

  test('puts nothing back where all of it came back', async () => {
    const { table, publishedBy, deliver } = await soldShop();
    await deliver(refund('r-1', back(3, true), back(1, true, 'B')));
    expect(await publishedBy(cancelled({ orderId: 'o-1' }))).toMatchObject([{ data: { items: [] } }]);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 10, reserved: 0, sold: 3 });
  });
});

describe('Goods of an order, with what is asked after the confirmation,', () => {
  const events = {
    placed: () => placed(ORDER),
    confirmed: () => confirmed({ orderId: 'o-1', items: GOODS }),
    cancelled: () => cancelled({ orderId: 'o-1' }),
    dispatched: () => dispatched({ orderId: 'o-1' }),
    'one A back': () => refund('r-1', back(1, true)),
    'another A back': () => refund('r-2', back(1, true)),
  };
  type Name = keyof typeof events;
  const HISTORIES: Record<string, { stock: number; events: Name[] }> = {
    none: { stock: 10, events: [] },
    reserved: { stock: 10, events: ['placed'] },
    rejected: { stock: 2, events: ['placed'] },
    sold: { stock: 10, events: ['placed', 'confirmed'] },
    'sold, and one A came back': { stock: 10, events: ['placed', 'confirmed', 'one A back'] },
    dispatched: { stock: 10, events: ['placed', 'dispatched'] },
    'dispatched, and one A came back': { stock: 10, events: ['placed', 'dispatched', 'one A back'] },
    released: { stock: 10, events: ['placed', 'cancelled'] },
    'put back': { stock: 10, events: ['placed', 'confirmed', 'cancelled'] },
    'put back, and one A came back before': {
      stock: 10,
      events: ['placed', 'confirmed', 'one A back', 'cancelled'],
    },
    tombstone: { stock: 10, events: ['cancelled'] },
  };
  // The state afterwards, what is published or why it fails, and the shelf of A.
  type Row = [state: string, event: Name, after: string, published: string, shelf: [number, number, number]];
  const ROWS: Row[] = [
    ['none', 'dispatched', 'none', WaitingError.name, [10, 0, 0]],
    ['none', 'one A back', 'none', WaitingError.name, [10, 0, 0]],
    ['reserved', 'dispatched', 'sold', '', [7, 0, 3]],
    ['reserved', 'one A back', 'reserved', WaitingError.name, [7, 3, 0]],
    ['rejected', 'dispatched', 'rejected', '', [2, 0, 0]],
    ['rejected', 'one A back', 'rejected', ConflictError.name, [2, 0, 0]],
    ['sold', 'dispatched', 'sold', '', [7, 0, 3]],
    ['sold', 'one A back', 'sold', 'returned', [8, 0, 3]],
    ['sold, and one A came back', 'placed', 'sold', 'reserved', [8, 0, 3]],
    ['sold, and one A came back', 'confirmed', 'sold', '', [8, 0, 3]],
    ['sold, and one A came back', 'dispatched', 'sold', '', [8, 0, 3]],
    ['sold, and one A came back', 'one A back', 'sold', 'returned', [8, 0, 3]],
    ['sold, and one A came back', 'another A back', 'sold', 'returned', [9, 0, 3]],
    ['sold, and one A came back', 'cancelled', 'released', 'released', [10, 0, 1]],
    ['dispatched', 'placed', 'sold', 'reserved', [7, 0, 3]],
    ['dispatched', 'confirmed', 'sold', '', [7, 0, 3]],
    ['dispatched', 'dispatched', 'sold', '', [7, 0, 3]],
    ['dispatched', 'cancelled', 'sold', ConflictError.name, [7, 0, 3]],
    ['dispatched', 'one A back', 'sold', 'returned', [8, 0, 3]],
    ['dispatched, and one A came back', 'cancelled', 'sold', ConflictError.name, [8, 0, 3]],
    ['dispatched, and one A came back', 'another A back', 'sold', 'returned', [9, 0, 3]],
    ['released', 'dispatched', 'released', '', [10, 0, 0]],
    ['released', 'one A back', 'released', ConflictError.name, [10, 0, 0]],
    ['put back', 'dispatched', 'released', '', [10, 0, 0]],
    ['put back', 'one A back', 'released', ConflictError.name, [10, 0, 0]],
    ['put back, and one A came back before', 'one A back', 'released', 'returned', [10, 0, 1]],
    ['put back, and one A came back before', 'another A back', 'released', ConflictError.name, [10, 0, 1]],
    ['put back, and one A came back before', 'confirmed', 'released', '', [10, 0, 1]],
    ['put back, and one A came back before', 'placed', 'released', 'released', [10, 0, 1]],
    ['put back, and one A came back before', 'cancelled', 'released', 'released', [10, 0, 1]],
    ['tombstone', 'dispatched', 'cancelled', '', [10, 0, 0]],
    ['tombstone', 'one A back', 'cancelled', ConflictError.name, [10, 0, 0]],
  ];

  test.each(ROWS)('that are %s, on %s, are %s; published: %s', async (state, event, after, published, shelf) => {
    const { stock, events: known } = HISTORIES[state] ?? { stock: 0, events: [] };
    const { table, deliver } = stockConsumer({ A: stock, B: 10 });
    for (const one of known) await deliver(events[one]());
    expect(await deliver(events[event]())).toEqual([published]);
    expect(table.reservations.get('o-1')?.state ?? 'none').toBe(after);
    const { available, reserved, sold } = table.shelf('A');
    expect([available, reserved, sold]).toEqual(shelf);
  });

  test('are named when an order that left is cancelled', async () => {
    const { handle, deliver } = await soldShop();
    await deliver(dispatched({ orderId: 'o-1' }));
    expect(await handle([delivery(cancelled({ orderId: 'o-1' }))])).toEqual([
      {
        failure: new ConflictError('Order o-1 is cancelled, but goods of it left: none are put back on the shelf'),
      },
    ]);
  });
});
