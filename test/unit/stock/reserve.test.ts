import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { chunk } from '../../../lambdas/runtime/chunk.ts';
import { BusyError, ConflictError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import type { StockInput } from '../../../lambdas/stock/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, line, placed, priced, received } from '../../builders/events.ts';
import { stockConsumer as shop } from '../../builders/stock-consumer.ts';
import { seededRandom } from '../../harness/random.ts';

const order = (orderId: string, ...items: ReturnType<typeof priced>[]) => placed({ orderId, items });
const ordersFor = (count: number, ...items: ReturnType<typeof priced>[]) =>
  Array.from({ length: count }, (_, index) => order(`o-${index}`, ...items));

beforeEach(() => {
  // The pause after a conflict is random; the tests need none.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

describe('A receipt of goods', () => {
  test('adds to the shelves once, however often it is delivered, and makes a shelf for a new SKU', async () => {
    const { table, deliver } = shop({ A: 5 });
    const receipt = received({ receiptId: 'GR-1', items: [line('A', 3), line('의자 01', 2), line('A', 1)] });
    expect(await deliver(receipt)).toEqual(['']);
    expect(await deliver({ ...receipt, id: 'sent again' })).toEqual(['']);
    expect(table.shelf('A').available).toBe(9);
    expect(table.shelf('의자 01')).toEqual({ sku: '의자 01', available: 2, reserved: 0, sold: 0 });
  });

  test('is a conflict under a used id with other goods', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(received({ items: [line('A', 3)] }));
    expect(await deliver(received({ items: [line('A', 4)] }))).toEqual(['ConflictError']);
    expect(table.shelf('A').available).toBe(8);
  });

  test('does not collide with an order of the same id', async () => {
    const { table, deliver } = shop({ A: 5 });
    expect(await deliver(order('X', priced('A', 2)), received({ receiptId: 'X', items: [line('A', 10)] }))).toEqual([
      'reserved',
      '',
    ]);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 13, reserved: 2, sold: 0 });
  });

  test('of 99 SKUs fits into one transaction', async () => {
    const { table, deliver } = shop({});
    const items = Array.from({ length: 99 }, (_, index) => line(`S-${index}`, 1));
    expect(await deliver(received({ items }))).toEqual(['']);
    expect(table.transactions).toEqual([100]);
  });
});

describe('An order without a shelf', () => {
  const services = placed({ orderId: 'o-1', items: [{ quantity: 2, unitPrice: 1_000, tracked: false }] });

  test('is reserved with no goods, and can be confirmed or cancelled', async () => {
    const { table, handle, deliver } = shop({ A: 5 });
    const [result] = await handle([delivery(services)]);
    expect(result).toMatchObject({
      publish: [{ type: 'shop.stock.reserved.v1', data: { orderId: 'o-1', items: [] } }],
    });
    expect(await deliver(confirmed({ orderId: 'o-1', items: [] }))).toEqual(['']);
    expect(table.reservations.get('o-1')?.state).toBe('sold');
    await deliver({ ...services, data: { ...services.data, orderId: 'o-2' } });
    expect(await deliver(cancelled({ orderId: 'o-2' }))).toEqual(['released']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
  });

  test('takes nothing for the untracked lines of an order, even where they name a SKU', async () => {
    const { table, deliver } = shop({ A: 5 });
    const wrapped = { sku: 'A', quantity: 4, unitPrice: 500, tracked: false };
    expect(await deliver(placed({ items: [priced('A', 2), wrapped] }))).toEqual(['reserved']);
    expect(table.shelf('A').reserved).toBe(2);
  });

  test('of 500 lines of 99 SKUs is one transaction', async () => {
    const { table, deliver } = shop(Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`S-${index}`, 10])));
    const items = Array.from({ length: 500 }, (_, index) => priced(`S-${index % 99}`));
    expect(await deliver(placed({ items }))).toEqual(['reserved']);
    expect(table.transactions.at(-1)).toBe(100);
  });
});

describe('A placed order', () => {
  test('reserves its goods', async () => {
    const { table, deliver } = shop({ A: 5, B: 5 });
    expect(await deliver(order('o-1', priced('A', 2), priced('B', 1)))).toEqual(['reserved']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 3, reserved: 2, sold: 0 });
    expect(table.shelf('B')).toEqual({ sku: 'B', available: 4, reserved: 1, sold: 0 });
  });

  test('reserves nothing when one line is short and reports the short lines', async () => {
    const { table, handle } = shop({ A: 5, B: 1 });
    const [result] = await handle([delivery(order('o-1', priced('A', 2), priced('B', 2), priced('NONE', 1)))]);
    expect(result).toMatchObject({
      publish: [
        {
          type: 'shop.stock.rejected.v1',
          data: {
            items: [
              { sku: 'B', quantity: 2, available: 1 },
              { sku: 'NONE', quantity: 1, available: 0, unknown: true },
            ],
          },
        },
      ],
    });
    expect(table.shelf('A').available).toBe(5);
    expect(table.shelf('B').available).toBe(1);
  });

  test('adds up the lines of one SKU and is rejected when only one of them fits', async () => {
    const { table, deliver } = shop({ A: 5 });
    expect(await deliver(order('o-1', priced('A', 2), priced('A', 2)))).toEqual(['reserved']);
    expect(table.shelf('A')).toMatchObject({ available: 1, reserved: 4 });
    const short = shop({ A: 3 });
    expect(await short.deliver(order('o-1', priced('A', 2), priced('A', 2)))).toEqual(['rejected']);
    expect(short.table.shelf('A').available).toBe(3);
  });

  test('gets the same answer and no more goods on redelivery', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    expect(await deliver(order('o-1', priced('A', 2)))).toEqual(['reserved']);
    expect(await deliver(placed({ id: 'another', orderId: 'o-1', items: [priced('A', 1), priced('A', 1)] }))).toEqual([
      'reserved',
    ]);
    expect(table.shelf('A')).toMatchObject({ available: 3, reserved: 2 });
  });

  test('costs one table call on redelivery', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    const before = table.transactions.length + table.loads;
    await deliver(order('o-1', priced('A', 2)));
    expect(table.transactions.length + table.loads - before).toBe(1);
  });

  test('with other items under the same id fails with ConflictError', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    expect(await deliver(order('o-1', priced('A', 3)))).toEqual([ConflictError.name]);
    expect(table.shelf('A')).toMatchObject({ available: 3, reserved: 2 });
  });

  test('that was rejected stays rejected after restocking', async () => {
    const { table, deliver } = shop({ A: 1 });
    await deliver(order('o-1', priced('A', 2)));
    table.shelf('A').available = 10;
    expect(await deliver(order('o-1', priced('A', 2)))).toEqual(['rejected']);
    expect(table.shelf('A').available).toBe(10);
  });
});

describe('A batch of stock events', () => {
  test('reserves ten new orders in one transaction without a read', async () => {
    const { table, deliver } = shop({ A: 10 });
    expect(await deliver(...ordersFor(10, priced('A')))).toEqual(Array(10).fill('reserved'));
    expect(table.transactions).toEqual([11]);
    expect(table.loads).toBe(0);
  });

  test('reserves in the sequence of arrival', async () => {
    const { table, deliver } = shop({ A: 3 });
    expect(await deliver(...ordersFor(5, priced('A')))).toEqual([
      'reserved',
      'reserved',
      'reserved',
      'rejected',
      'rejected',
    ]);
    expect(table.shelf('A')).toMatchObject({ available: 0, reserved: 3 });
    // One transaction to learn the quantity, one to reserve.
    expect(table.transactions).toHaveLength(2);
  });

  test('reserves a smaller order behind one that does not fit', async () => {
    const { deliver } = shop({ A: 3 });
    expect(
      await deliver(order('o-1', priced('A', 2)), order('o-2', priced('A', 2)), order('o-3', priced('A', 1))),
    ).toEqual(['reserved', 'rejected', 'reserved']);
  });

  test('fails only the message with a conflict', async () => {
    const { deliver } = shop({ A: 10 });
    await deliver(order('o-1', priced('A')));
    expect(await deliver(order('o-0', priced('A')), order('o-1', priced('A', 2)), order('o-2', priced('A')))).toEqual([
      'reserved',
      ConflictError.name,
      'reserved',
    ]);
  });

  test('uses at most 100 actions per transaction, however large the orders are', async () => {
    const skus = (from: number) => Array.from({ length: 99 }, (_, index) => priced(`S-${from + index}`));
    const shelves = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`S-${index}`, 10]));
    const { table, deliver } = shop(shelves);
    expect(
      await deliver(
        order('o-1', ...skus(0)),
        order('o-2', ...skus(0)),
        order('o-3', ...skus(200)),
        order('o-4', priced('S-1')),
      ),
    ).toEqual(Array(4).fill('reserved'));
    expect(Math.max(...table.transactions)).toBeLessThanOrEqual(100);
    expect(table.shelf('S-1')).toMatchObject({ available: 7, reserved: 3 });
  });

  test('confirms and cancels large orders within 100 actions per transaction', async () => {
    const items = Array.from({ length: 99 }, (_, index) => priced(`S-${index}`));
    const { table, deliver } = shop(Object.fromEntries(items.map(({ sku }) => [sku, 10])));
    await deliver(order('o-1', ...items), order('o-2', ...items));
    const goods = items.map(({ sku }) => line(sku, 1)).sort((a, b) => (a.sku < b.sku ? -1 : 1));
    expect(await deliver(confirmed({ orderId: 'o-1', items: goods }), cancelled({ orderId: 'o-2' }))).toEqual([
      '',
      'released',
    ]);
    expect(Math.max(...table.transactions)).toBeLessThanOrEqual(100);
    expect(table.shelf('S-98')).toEqual({ sku: 'S-98', available: 9, reserved: 0, sold: 1 });
  });
});

describe('A confirmed order', () => {
  test('sells its goods once', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    const event = confirmed({ orderId: 'o-1', items: [line('A', 2)] });
    expect(await deliver(event)).toEqual(['']);
    expect(await deliver(event)).toEqual(['']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 3, reserved: 0, sold: 2 });
  });

  test('costs one transaction without a read', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    await deliver(confirmed({ orderId: 'o-1', items: [line('A', 2)] }));
    expect(table.transactions).toHaveLength(2);
    expect(table.loads).toBe(0);
  });

  describe('without a reservation, because the table was put back,', () => {
    const event = confirmed({ orderId: 'o-1', items: [line('A', 2), line('B', 1)] });
    const placement = order('o-1', priced('A', 2), priced('B', 1));

    test('sells its goods from the shelf, once', async () => {
      const { table, deliver } = shop({ A: 5, B: 5 });
      expect(await deliver(event)).toEqual(['']);
      expect(await deliver(event)).toEqual(['']);
      expect(table.shelf('A')).toEqual({ sku: 'A', available: 3, reserved: 0, sold: 2 });
      expect(table.shelf('B')).toEqual({ sku: 'B', available: 4, reserved: 0, sold: 1 });
    });

    test('reserves nothing more when its placement is replayed, and has its goods put back by a cancellation', async () => {
      const { table, deliver } = shop({ A: 5, B: 5 });
      await deliver(event);
      expect(await deliver(placement)).toEqual(['reserved']);
      expect(table.shelf('A')).toMatchObject({ reserved: 0, sold: 2 });
      expect(await deliver(order('o-1', priced('A', 1)))).toEqual([ConflictError.name]);
      expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['released']);
      expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
    });

    test('fails for good and sells nothing where its goods are not there any more', async () => {
      const { table, handle } = shop({ A: 5 });
      const [result] = await handle([delivery<StockInput>(event)]);
      expect(result).toEqual({
        failure: new ConflictError(
          'Order o-1 is confirmed without a reservation, and its goods are not there any more: 0 of 1 piece of B',
          'data.items',
        ),
      });
      expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
      expect(table.reservations.has('o-1')).toBe(false);
    });

    test('leaves the last pieces to the order before it in the batch', async () => {
      const { table, deliver } = shop({ A: 2 });
      const goods = [line('A', 2)];
      expect(
        await deliver(confirmed({ orderId: 'o-1', items: goods }), confirmed({ orderId: 'o-2', items: goods })),
      ).toEqual(['', ConflictError.name]);
      expect(table.shelf('A')).toEqual({ sku: 'A', available: 0, reserved: 0, sold: 2 });
    });
  });

  test('publishes the same event when its placement is delivered again', async () => {
    const { handle } = shop({ A: 5 });
    const bodies: unknown[] = [];
    for (const event of [
      order('o-1', priced('A', 2)),
      confirmed({ orderId: 'o-1', items: [line('A', 2)] }),
      order('o-1', priced('A', 2)),
    ]) {
      const [result] = await handle([delivery<StockInput>(event)]);
      if (result !== undefined && 'publish' in result) bodies.push(...result.publish);
    }
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toEqual(bodies[0]);
  });
});

describe('A cancelled order', () => {
  test('releases its goods once and publishes stock.released on every delivery', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['released']);
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['released']);
    expect(await deliver(order('o-1', priced('A', 2)))).toEqual(['released']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
  });

  test('that is placed after its cancellation reserves nothing', async () => {
    const { table, deliver } = shop({ A: 5 });
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['']);
    expect(await deliver(order('o-1', priced('A', 2)))).toEqual(['']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
  });

  test('that was rejected has nothing to release', async () => {
    const { deliver } = shop({ A: 1 });
    await deliver(order('o-1', priced('A', 2)));
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['']);
  });

  test('whose goods are sold has them put back once, and publishes stock.released on every delivery', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(order('o-1', priced('A', 2)));
    await deliver(confirmed({ orderId: 'o-1', items: [line('A', 2)] }));
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['released']);
    expect(await deliver(cancelled({ orderId: 'o-1' }))).toEqual(['released']);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
  });

  test('whose goods were put back sells them to the next', async () => {
    const { deliver } = shop({ A: 2 });
    await deliver(order('o-1', priced('A', 2)));
    await deliver(confirmed({ orderId: 'o-1', items: [line('A', 2)] }));
    expect(await deliver(cancelled({ orderId: 'o-1' }), order('o-2', priced('A', 2)))).toEqual([
      'released',
      'reserved',
    ]);
  });
});

describe('A reservation', () => {
  const goods = [priced('A', 2)];
  const items = [line('A', 2)];
  const events = {
    placed: () => order('o-1', ...goods),
    'placed with other goods': () => order('o-1', priced('A', 1), priced('B', 1)),
    confirmed: () => confirmed({ orderId: 'o-1', items }),
    'confirmed with other goods': () => confirmed({ orderId: 'o-1', items: [line('A', 1)] }),
    cancelled: () => cancelled({ orderId: 'o-1' }),
  };
  type Name = keyof typeof events;
  const HISTORIES: Record<string, { stock: number; events: Name[] }> = {
    none: { stock: 5, events: [] },
    'none, and too few goods': { stock: 1, events: [] },
    reserved: { stock: 5, events: ['placed'] },
    rejected: { stock: 1, events: ['placed'] },
    sold: { stock: 5, events: ['placed', 'confirmed'] },
    released: { stock: 5, events: ['placed', 'cancelled'] },
    'put back': { stock: 5, events: ['placed', 'confirmed', 'cancelled'] },
    tombstone: { stock: 5, events: ['cancelled'] },
    'cancelled before it came': { stock: 5, events: ['cancelled', 'placed'] },
  };
  // The table of states in which an order's goods can be: what it holds afterwards, and what is published.
  const ROWS: [
    state: string,
    event: Name,
    after: string,
    published: string,
    held: { reserved: number; sold: number },
  ][] = [
    ['none', 'placed', 'reserved', 'reserved', { reserved: 2, sold: 0 }],
    ['none', 'cancelled', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['none', 'confirmed', 'sold', '', { reserved: 0, sold: 2 }],
    ['none, and too few goods', 'confirmed', 'none', 'ConflictError', { reserved: 0, sold: 0 }],
    ['reserved', 'placed', 'reserved', 'reserved', { reserved: 2, sold: 0 }],
    ['reserved', 'placed with other goods', 'reserved', 'ConflictError', { reserved: 2, sold: 0 }],
    ['reserved', 'confirmed', 'sold', '', { reserved: 0, sold: 2 }],
    ['reserved', 'confirmed with other goods', 'reserved', 'ConflictError', { reserved: 2, sold: 0 }],
    ['reserved', 'cancelled', 'released', 'released', { reserved: 0, sold: 0 }],
    ['rejected', 'placed', 'rejected', 'rejected', { reserved: 0, sold: 0 }],
    ['rejected', 'confirmed', 'rejected', '', { reserved: 0, sold: 0 }],
    ['rejected', 'cancelled', 'rejected', '', { reserved: 0, sold: 0 }],
    ['sold', 'placed', 'sold', 'reserved', { reserved: 0, sold: 2 }],
    ['sold', 'placed with other goods', 'sold', 'ConflictError', { reserved: 0, sold: 2 }],
    ['sold', 'confirmed', 'sold', '', { reserved: 0, sold: 2 }],
    ['sold', 'cancelled', 'released', 'released', { reserved: 0, sold: 0 }],
    ['released', 'placed', 'released', 'released', { reserved: 0, sold: 0 }],
    ['released', 'confirmed', 'released', '', { reserved: 0, sold: 0 }],
    ['released', 'cancelled', 'released', 'released', { reserved: 0, sold: 0 }],
    ['put back', 'placed', 'released', 'released', { reserved: 0, sold: 0 }],
    ['put back', 'confirmed', 'released', '', { reserved: 0, sold: 0 }],
    ['put back', 'cancelled', 'released', 'released', { reserved: 0, sold: 0 }],
    ['tombstone', 'placed', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['tombstone', 'confirmed', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['tombstone', 'cancelled', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['cancelled before it came', 'placed', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['cancelled before it came', 'placed with other goods', 'cancelled', 'ConflictError', { reserved: 0, sold: 0 }],
    ['cancelled before it came', 'confirmed', 'cancelled', '', { reserved: 0, sold: 0 }],
    ['cancelled before it came', 'cancelled', 'cancelled', '', { reserved: 0, sold: 0 }],
  ];

  test.each(ROWS)('that is %s, on %s, is %s; published: %s', async (state, event, after, published, held) => {
    const { stock, events: known } = HISTORIES[state] ?? { stock: 0, events: [] };
    const { table, deliver } = shop({ A: stock });
    for (const one of known) await deliver(events[one]());
    expect(await deliver(events[event]())).toEqual([published]);
    expect(table.reservations.get('o-1')?.state ?? 'none').toBe(after);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: stock - held.reserved - held.sold, ...held });
  });

  test('is a tombstone for 120 days, until its order comes', async () => {
    const { table, deliver } = shop({ A: 5 });
    await deliver(events.cancelled());
    const { expiresAt = 0, time = '' } = table.reservations.get('o-1') ?? {};
    expect(expiresAt - Date.parse(time) / 1000).toBe(120 * 86_400);
    await deliver(events.confirmed(), events.cancelled());
    expect(table.reservations.get('o-1')?.expiresAt).toBe(expiresAt);
    await deliver(events.placed());
    expect(table.reservations.get('o-1')).toEqual({ orderId: 'o-1', state: 'cancelled', lines: items, time });
  });

  test('of which an earlier version kept a tombstone without an expiry takes its order as well', async () => {
    const { table, deliver } = shop({ A: 5 });
    table.reservations.set('o-1', { orderId: 'o-1', state: 'cancelled', lines: [], time: '2026-11-01T09:00:00Z' });
    expect(await deliver(events.placed())).toEqual(['']);
    expect(await deliver(events.placed())).toEqual(['']);
    expect(table.reservations.get('o-1')).toMatchObject({ state: 'cancelled', lines: items });
  });

  test('that is not a tombstone never expires', async () => {
    for (const { stock, events: known } of Object.values(HISTORIES)) {
      const { table, deliver } = shop({ A: stock });
      for (const one of known) await deliver(events[one]());
      const isTombstone = known.length === 1 && known[0] === 'cancelled';
      for (const reservation of table.reservations.values()) expect('expiresAt' in reservation).toBe(isTombstone);
    }
  });
});

describe('A transaction conflict', () => {
  test('that is temporary only costs more attempts', async () => {
    const { table, deliver } = shop({ A: 10 });
    let left = 2;
    table.conflicts = () => left-- > 0;
    expect(await deliver(...ordersFor(10, priced('A')))).toEqual(Array(10).fill('reserved'));
    expect(table.transactions).toHaveLength(3);
  });

  test('that persists ends as BusyError after a bounded number of attempts and changes nothing', async () => {
    const { table, deliver } = shop({ A: 10 });
    table.conflicts = () => true;
    expect(await deliver(...ordersFor(10, priced('A')))).toEqual(Array(10).fill(BusyError.name));
    expect(table.transactions).toHaveLength(3);
    expect(table.shelf('A')).toMatchObject({ available: 10, reserved: 0 });
  });

  test('on one SKU does not block an order of another SKU in the batch', async () => {
    const { table, deliver } = shop({ HOT: 10, A: 10 });
    table.blockedShelves.set('HOT', new BusyError('busy'));
    expect(await deliver(order('o-1', priced('HOT')), order('o-2', priced('A')))).toEqual([BusyError.name, 'reserved']);
    expect(table.transactions).toHaveLength(4);
  });

  test('or outage in a second transaction does not undo the first', async () => {
    const skus = (from: number) => Array.from({ length: 60 }, (_, index) => priced(`S-${from + index}`));
    const { table, deliver } = shop(Object.fromEntries(Array.from({ length: 160 }, (_, index) => [`S-${index}`, 10])));
    const commit = table.commit.bind(table);
    table.commit = (plan) =>
      table.transactions.length === 0 ? commit(plan) : Promise.reject(new UnavailableError('down'));
    expect(await deliver(order('o-1', ...skus(0)), order('o-2', ...skus(100)))).toEqual([
      'reserved',
      UnavailableError.name,
    ]);
  });
});

describe('A shelf that cannot be written', () => {
  const throttled = new UnavailableError('throttled');
  const nine = ordersFor(9, priced('A'));

  test('makes its own orders wait; the others of the batch are reserved by one more transaction', async () => {
    const { table, deliver } = shop({ HOT: 10, A: 10 });
    table.blockedShelves.set('HOT', throttled);
    const results = await deliver(order('hot-1', priced('HOT')), ...nine, order('hot-2', priced('A'), priced('HOT')));
    expect(results).toEqual([UnavailableError.name, ...Array(9).fill('reserved'), UnavailableError.name]);
    expect(table.transactions).toEqual([13, 10]);
    expect(table.shelf('A')).toMatchObject({ available: 1, reserved: 9 });
    table.blockedShelves.clear();
    expect(await deliver(order('hot-1', priced('HOT')), order('hot-2', priced('A'), priced('HOT')))).toEqual([
      'reserved',
      'reserved',
    ]);
  });

  test('is not tried again at once, where every order of the batch is of it', async () => {
    const { table, deliver } = shop({ HOT: 10 });
    table.blockedShelves.set('HOT', throttled);
    expect(await deliver(...ordersFor(10, priced('HOT')))).toEqual(Array(10).fill(UnavailableError.name));
    expect(table.transactions).toHaveLength(1);
  });

  test('makes confirmations and cancellations of it wait too, and no others', async () => {
    const { table, deliver } = shop({ HOT: 10, A: 10 });
    const placements = ['o-1', 'o-2'].flatMap((id) => [order(`${id}-hot`, priced('HOT')), order(id, priced('A'))]);
    await deliver(...placements);
    table.blockedShelves.set('HOT', throttled);
    expect(
      await deliver(
        confirmed({ orderId: 'o-1-hot', items: [line('HOT', 1)] }),
        confirmed({ orderId: 'o-1', items: [line('A', 1)] }),
        cancelled({ orderId: 'o-2-hot' }),
        cancelled({ orderId: 'o-2' }),
      ),
    ).toEqual([UnavailableError.name, '', UnavailableError.name, 'released']);
  });

  test('and never could be fails its orders for good', async () => {
    const { table, deliver } = shop({ BROKEN: 10, A: 10 });
    table.blockedShelves.set('BROKEN', Object.assign(new Error('no number'), { name: 'ValidationException' }));
    expect(await deliver(order('o-1', priced('BROKEN')), order('o-2', priced('A')))).toEqual([
      'ValidationException',
      'reserved',
    ]);
  });

  test('and is not named makes each order of the batch a transaction of its own, once', async () => {
    const { table, deliver } = shop({ HOT: 10, A: 10 });
    table.refuses = ({ shelfDeltas }) => (shelfDeltas.has('HOT') ? throttled : undefined);
    expect(await deliver(order('hot', priced('HOT')), ...nine)).toEqual([
      UnavailableError.name,
      ...Array(9).fill('reserved'),
    ]);
    expect(table.transactions).toHaveLength(11);
  });

  test('costs at most three times the transactions, where 30 % meet a throttled shelf and 30 % a conflict', async () => {
    const { table, handle } = shop(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`S-${index}`, 1_000])));
    const random = seededRandom(1);
    const commit = table.commit.bind(table);
    table.commit = (plan) => {
      const skus = [...plan.shelfDeltas.keys()];
      const sku = skus[Math.floor(random() * skus.length)] ?? '';
      const fault = random();
      table.blockedShelves.clear();
      if (fault < 0.6) table.blockedShelves.set(sku, fault < 0.3 ? throttled : new BusyError('busy'));
      return commit(plan);
    };
    let waiting = Array.from({ length: 1_000 }, (_, index) => order(`o-${index}`, priced(`S-${index % 20}`)));
    while (waiting.length > 0) {
      const again: typeof waiting = [];
      for (const batch of chunk(waiting, 10)) {
        const results = await handle(batch.map((event) => delivery<StockInput>(event)));
        again.push(...batch.filter((_, index) => 'failure' in (results[index] ?? { failure: undefined })));
      }
      waiting = again;
    }
    expect(table.reservations.size).toBe(1_000);
    expect(table.transactions.length).toBeLessThanOrEqual(3 * 100);
  });

  test('costs at most three transactions for each order of a batch, and fails no order of other shelves', async () => {
    const shelves = ['A', 'B', 'C', 'D'] as const;
    const blocks = fc.constantFrom(undefined, throttled, new BusyError('busy'));
    const carts = fc.array(fc.uniqueArray(fc.constantFrom(...shelves), { minLength: 1 }), {
      minLength: 1,
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(carts, fc.array(blocks, { minLength: 4, maxLength: 4 }), fc.boolean(), async (...given) => {
        const [skusOf, blockOf, isNamed] = given;
        const { table, deliver } = shop({ A: 100, B: 100, C: 100, D: 100 });
        const blocked = new Map(
          shelves.flatMap((sku, index) => (blockOf[index] === undefined ? [] : [[sku as string, blockOf[index]]])),
        );
        if (isNamed) for (const [sku, block] of blocked) table.blockedShelves.set(sku, block);
        else
          table.refuses = ({ shelfDeltas }) =>
            [...shelfDeltas.keys()].map((sku) => blocked.get(sku)).find((block) => block !== undefined);
        const results = await deliver(
          ...skusOf.map((skus, index) => order(`o-${index}`, ...skus.map((sku) => priced(sku)))),
        );
        const isFree = (skus: readonly string[]) => !skus.some((sku) => blocked.has(sku));
        expect(results.map((result) => result === 'reserved')).toEqual(skusOf.map(isFree));
        expect(table.transactions.length).toBeLessThanOrEqual(3 * skusOf.length);
      }),
    );
  });
});

describe('Many buyers at once', () => {
  test('320 of 50 pieces with 16 concurrent workers and conflicts: exactly 50 get one', async () => {
    const { table, handle } = shop({ A: 50 });
    const commit = table.commit.bind(table);
    table.commit = async (plan) => {
      await Promise.resolve();
      return commit(plan);
    };
    let calls = 0;
    table.conflicts = () => (calls++ * 7) % 10 < 3;
    let waiting = ordersFor(320, priced('A'));
    for (let turn = 0; waiting.length > 0 && turn < 50; turn += 1) {
      const batches = Array.from({ length: 16 }, (_, worker) =>
        waiting.filter((__, index) => index % 16 === worker),
      ).flatMap((own) =>
        Array.from({ length: Math.ceil(own.length / 10) }, (_, index) => own.slice(index * 10, index * 10 + 10)),
      );
      const again = await Promise.all(
        batches.map(async (batch) => {
          const results = await handle(batch.map((event) => delivery<StockInput>(event)));
          return batch.filter((_, index) => 'failure' in (results[index] ?? { failure: undefined }));
        }),
      );
      waiting = again.flat();
    }
    expect(waiting).toEqual([]);
    expect(table.shelf('A')).toEqual({ sku: 'A', available: 0, reserved: 50, sold: 0 });
    const states = [...table.reservations.values()].map(({ state }) => state);
    expect(states.filter((state) => state === 'rejected')).toHaveLength(270);
  });
});
