import { expect, test, vi } from 'vitest';
import { endedKey, type Reservation, type Return } from '../../../lambdas/stock/record.ts';
import { auditShelves } from '../../../ops/audit/audit-shelves.ts';
import { type CountedShelf, setAvailable } from '../../../ops/stock/shelves.ts';
import { type MemoryAuditTables, memoryAuditTables } from '../../builders/memory-audit.ts';

const TIME = '2026-11-21T09:00:00.000Z';
const LATER = '2026-11-21T12:00:00.000Z';

const reservation = (state: Reservation['state'], quantity: number, time = TIME, returned?: Return[]) => ({
  state,
  lines: [{ sku: 'A', quantity }],
  time,
  ...(returned && { returned }),
});

/** A return of pieces, put on the shelf unless `restock` is false. */
const back = (quantity: number, { time = TIME, restock = true } = {}): Return => ({
  refundId: `r-${time}-${quantity}-${restock}`,
  lines: [{ sku: 'A', quantity, restock }],
  time,
});

/** The tables of a shop with one shelf, and these reservations and receipts. */
function tablesOf(shelf: Partial<CountedShelf>, ...reservations: ReturnType<typeof reservation>[]): MemoryAuditTables {
  return {
    orders: new Map(),
    payments: new Map(),
    notifications: new Map(),
    shipments: new Map(),
    reservations: new Map(reservations.map((one, index) => [`o-${index}`, { orderId: `o-${index}`, ...one }])),
    shelves: new Map([['A', { sku: 'A', available: 0, reserved: 0, sold: 0, ...shelf }]]),
  };
}

const quiet = { lookFor: () => {}, pauseFirst: async () => {} };
const wrongOf = async (tables: MemoryAuditTables) => (await auditShelves(memoryAuditTables(tables), quiet)).wrong;
const counted = { counted: 10, countedHeld: 0, countedAt: TIME };

test.each<[string, MemoryAuditTables]>([
  [
    'what came in is available, reserved and sold',
    tablesOf(
      { available: 5, reserved: 2, sold: 3 },
      reservation('received', 10),
      reservation('reserved', 2),
      reservation('sold', 3),
      reservation('released', 4),
      reservation('rejected', 90),
    ),
  ],
  [
    'it was counted, and goods came in before and after',
    tablesOf(
      { ...counted, available: 15, sold: 1, countedHeld: 1 },
      reservation('received', 70, '2026-11-20T09:00:00Z'),
      reservation('received', 5, LATER),
      reservation('sold', 1, '2026-11-20T09:00:00Z'),
    ),
  ],
  ['goods came in at the moment of the count', tablesOf({ ...counted, available: 10 }, reservation('received', 4))],
  ['so they did, and were not counted', tablesOf({ ...counted, available: 14 }, reservation('received', 4))],
  [
    'some of what was sold came back, on the shelf or not',
    tablesOf(
      { available: 6, sold: 7 },
      reservation('received', 10),
      reservation('sold', 4, TIME, [back(2), back(1, { restock: false })]),
      reservation('sold', 3, TIME, [back(1, { time: LATER })]),
    ),
  ],
  [
    'an order was cancelled after some of it had come back',
    tablesOf(
      { available: 9, sold: 3 },
      reservation('received', 10),
      reservation('released', 5, LATER, [back(2), back(1, { restock: false })]),
    ),
  ],
  [
    'it was counted between what came back before and after',
    tablesOf(
      { ...counted, available: 11, sold: 5, countedHeld: 5 },
      reservation('sold', 5, '2026-11-20T09:00:00Z', [
        back(3, { time: '2026-11-20T10:00:00Z' }),
        back(1, { time: LATER }),
      ]),
    ),
  ],
  [
    'goods came back at the moment of the count',
    tablesOf({ ...counted, available: 10, sold: 4, countedHeld: 4 }, reservation('sold', 4, TIME, [back(4)])),
  ],
  [
    'goods came back at the moment of the count, and were not counted',
    tablesOf({ ...counted, available: 14, sold: 4, countedHeld: 4 }, reservation('sold', 4, TIME, [back(4)])),
  ],
  [
    'orders that sold of it have ended',
    {
      ...tablesOf(
        { available: 4, sold: 7 },
        reservation('received', 10),
        reservation('sold', 2),
        reservation('received', 1),
      ),
      endedSales: [{ orderId: endedKey('A'), state: 'ended', sku: 'A', sold: 5, time: LATER }],
    },
  ],
  ['nobody ever counted what was there at first', tablesOf({ available: 100 }, reservation('received', 4))],
])('a shelf is right where %s', async (_, tables) => expect(await wrongOf(tables)).toEqual([]));

test.each<[string, MemoryAuditTables, RegExp, RegExp]>([
  [
    'pieces are missing that came in',
    tablesOf({ available: 8 }, reservation('received', 10)),
    /^2 pieces that came in or came back are missing \(8 available, 0 reserved, 0 sold\)$/,
    /counts the shelf: npm run ops -- stock set A/,
  ],
  [
    'pieces are missing since it was counted',
    tablesOf({ ...counted, available: 9, countedAt: LATER }),
    /^1 piece that came in or came back are missing/,
    /stock set A/,
  ],
  [
    'there are more than were counted and came in',
    tablesOf({ ...counted, available: 13, countedAt: TIME }, reservation('received', 2, LATER)),
    /^1 piece are there that never came in/,
    /stock set A/,
  ],
  [
    'pieces are reserved for nobody',
    tablesOf({ available: 7, reserved: 3 }, reservation('received', 10), reservation('reserved', 1)),
    /^3 pieces are reserved, and the reservations say 1$/,
    /while stock is paused, a person sets reserved to 1/,
  ],
  [
    'pieces were sold that are not on it',
    tablesOf({ available: 9, sold: 1 }, reservation('received', 10), reservation('sold', 2)),
    /^1 piece is sold, and the reservations say 2$/,
    /sets sold to 2/,
  ],
  [
    'what came back on it is missing',
    tablesOf({ available: 8, sold: 3 }, reservation('received', 10), reservation('sold', 3, TIME, [back(2)])),
    /^1 piece that came in or came back are missing \(8 available, 0 reserved, 3 sold\)$/,
    /stock set A/,
  ],
  [
    'what came back off it is on it',
    tablesOf(
      { ...counted, available: 9, sold: 3 },
      reservation('sold', 3, TIME, [back(2, { restock: false, time: LATER })]),
    ),
    /^2 pieces are there that never came in/,
    /stock set A/,
  ],
  [
    'all of a cancelled order was put back, though some had come back',
    tablesOf({ available: 12 }, reservation('received', 10), reservation('released', 3, LATER, [back(2)])),
    /^0 pieces are sold, and the reservations say 2$/,
    /sets sold to 2/,
  ],
  ['it has less than nothing', tablesOf({ available: -1 }), /^-1 pieces are available;/, /stock set A/],
])('a shelf is wrong where %s', async (_, tables, problem, repair) => {
  const [wrong, ...others] = await wrongOf(tables);
  expect(others).toEqual([]);
  expect(wrong?.sku).toBe('A');
  expect(wrong?.problem).toMatch(problem);
  expect(wrong?.repair).toMatch(repair);
});

test('a SKU that is reserved and has no shelf is named', async () => {
  const tables = tablesOf({}, reservation('reserved', 2));
  tables.shelves.clear();
  expect((await wrongOf(tables))[0]?.problem).toBe('0 pieces are reserved, and the reservations say 2');
});

test('orders that come in meanwhile make no shelf wrong, and one that is wrong is found among them', async () => {
  for (const error of [0, 1]) {
    const all = Array.from({ length: 20 }, () => reservation('reserved', 1));
    const tables = tablesOf({ available: 80, reserved: 20 + error }, ...all);
    // Each page finds one more order reserved than the last shelf had, and each scan begins again.
    let orders = 0;
    const sell = (table: string) => {
      if (table !== 'reservations' || orders === 5) return;
      tables.reservations.set(`n-${orders}`, { orderId: `n-${orders}`, ...reservation('reserved', 1) });
      const shelf = tables.shelves.get('A');
      if (shelf !== undefined)
        tables.shelves.set('A', { ...shelf, available: shelf.available - 1, reserved: shelf.reserved + 1 });
      orders += 1;
    };
    const { wrong, moving } = await auditShelves(memoryAuditTables(tables, sell), quiet);
    expect(wrong.length + moving).toBe(error);
  }
});

test('what orders move while it is read, in other numbers each time, is said to move', async () => {
  const tables = tablesOf({ available: 10, reserved: 5 }, reservation('reserved', 1));
  let reserved = 5;
  const move = () => {
    reserved += 3;
    tables.shelves.set('A', { sku: 'A', available: 10, reserved, sold: 0 });
  };
  expect(await auditShelves(memoryAuditTables(tables, move), quiet)).toEqual({ checked: 1, wrong: [], moving: 1 });
});

test('`stock set` records what it found and set, in the same write', async () => {
  const send = vi.fn(async (_command: { input: object }) => ({ Attributes: { reserved: 2, sold: 3 } }));
  const shop = { output: () => 'stock', documents: { send } } as never;
  expect(await setAvailable(shop, 'A', 40)).toEqual({ sku: 'A', available: 40, reserved: 2, sold: 3 });
  expect(send.mock.calls[0]?.[0].input).toMatchObject({
    UpdateExpression: expect.stringMatching(
      /counted = :quantity, countedHeld = if_not_exists\(reserved, :none\) \+ if_not_exists\(sold, :none\), countedAt = :now/,
    ),
  });
});
