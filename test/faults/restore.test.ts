import { expect, test } from 'vitest';
import { cancelRequested, publishAll, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { ASKS } from './after-confirmation.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { DECIDED, type End, LATE_LIFE, LIFE, live, type Worker } from './order-life.ts';
import { type RecordTable, readTables, restoreOrder, type TableState } from './record-tables.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

const TABLES = ['orders', 'payments', 'stock', 'notifications', 'shipments'] as const;

/** A table put back, for one order, to the moment `to` at the moment `at`: both are numbers of steps that are done. */
type Restore = { table: RecordTable; to: number; at: number; order: TestOrder };
type Moments = Record<RecordTable, TableState[]>[];

/** What changes a table, and so which moments of it differ. */
const CHANGED_BY: Record<RecordTable, readonly Worker[]> = {
  orders: ['order', 'the requests', 'outcomes'],
  payments: ['payment'],
  stock: ['stock'],
  notifications: ['notification'],
  shipments: ['shipping'],
};

/** Builds an order for each table, each earlier moment of it, and each moment at which it may be put back to that one. */
function restores(end: End): Restore[] {
  const moments = LIFE.map((_, step) => step + 1);
  return TABLES.flatMap((table) => {
    const changes = moments.filter((moment) => CHANGED_BY[table].some((one) => one === LIFE[moment - 1]));
    return [0, ...changes].flatMap((to, index) =>
      moments
        .filter((at) => at >= (changes[index] ?? Number.POSITIVE_INFINITY))
        .map((at) => ({ table, to, at, order: testOrder() })),
    );
  }).filter((restore) => end === 'confirmed' || !isLostForGood(restore));
}

/** Tells whether the record of a cancelled order is gone when nobody holds anything for it, or tells of it, any more: it stays so. */
const isLostForGood = ({ table, to, at }: Restore, life = LIFE) =>
  table === 'orders' && to === 0 && at > life.lastIndexOf('outcomes');

/** Puts tables back when their moment has come. */
function restoring(all: readonly Restore[]): (moment: number) => Promise<void> {
  const moments: Moments = [];
  return async (moment) => {
    moments.push(await readMoment());
    for (const { table, to, at, order } of all)
      if (at === moment) await restoreOrder(moments[to]?.[table] ?? [], order);
  };
}

async function readMoment(): Promise<Moments[number]> {
  const read = await Promise.all(TABLES.map(async (table) => [table, await readTables(table)] as const));
  return Object.fromEntries(read) as Moments[number];
}

test.each(['confirmed', 'cancelled'] as const)(
  'whatever one table is put back to, an order that was %s stays it everywhere, and nobody is charged or texted again',
  async (end) => {
    const all = restores(end);
    const idsOf = (those: (restore: Restore) => boolean) =>
      new Set(all.filter(those).map(({ order }) => order.orderId));
    const orders = all.map(({ order }) => order);
    const requests = () => (end === 'cancelled' ? orders.map(({ orderId }) => cancelRequested(orderId)) : []);
    await live(shop(), sweep, orders, restoring(all), { requests });
    await shop().settle();
    for (const minutes of [10, 15, 49 * 60, 24 * 60]) await sweep.runAfter(minutes);

    const forgottenLate = idsOf(({ table, at }) => table === 'shipments' || at === LIFE.length);
    const state = await checkInvariants(shop(), {
      // Others have heard of the cancellation that was forgotten, and have their way in the end.
      decidedAnew: idsOf(({ table, to }) => end === 'cancelled' && table === 'orders' && to > 0),
      // Nobody knows their numbers any more.
      untold: idsOf(({ table, to }) => table === 'notifications' && to === 0),
      // The sweep has looked at them; `audit --repair` finds them, and of shipments only a replay knows.
      leaves: ({ orderId }) => forgottenLate.has(orderId),
      // Of the text, only this table knows; later than this the sweep has seen it, and does not look again.
      secondText: idsOf(({ table, to, at }) => table === 'notifications' && to > 0 && at < LIFE.length),
    });
    const ends = all.map(({ order: { orderId }, ...restore }) => ({ ...restore, ...state.orders.get(orderId) }));
    expect(ends.filter(({ at }) => at >= DECIDED[end]).filter(({ status }) => status?.toLowerCase() !== end)).toEqual(
      [],
    );
    const reasons = new Set(ends.map(({ status, reason = status }) => reason));
    expect(reasons).toEqual(new Set(end === 'confirmed' ? ['CONFIRMED', 'timed-out'] : ['customer', 'unknown']));
  },
  120_000,
);

/** When something was asked of a confirmed order: it was confirmed everywhere, it has just been asked, and all have heard of it. */
const ASKED = LATE_LIFE.indexOf('the requests') + 1;
const HEARD = LATE_LIFE.lastIndexOf('notification') + 1;

const LATE_ASKS = ['cancel', 'ship', 'giveBack'] as const;

/** Builds an order for each request after the confirmation, each table, and some moments to which it is put back, soon or late. */
const lateRestores = () =>
  LATE_ASKS.flatMap((ask) =>
    TABLES.flatMap((table) =>
      [0, ASKED - 2, ASKED].flatMap((to) =>
        [ASKED, HEARD].filter((at) => at > to).map((at) => ({ ask, table, to, at, order: testOrder({ quantity: 2 }) })),
      ),
    ),
  ).filter(({ ask, ...restore }) => ask !== 'cancel' || !isLostForGood(restore, LATE_LIFE));

const LATE_ENDS = { cancel: 'CANCELLED', ship: 'CONFIRMED', giveBack: 'CONFIRMED' } as const;

test('whatever one table is put back to, an order that was cancelled, shipped or refunded after its confirmation stays it, and no money goes back twice', async () => {
  const { ledger } = shop();
  const all = lateRestores();
  const idsOf = (those: (restore: (typeof all)[number]) => boolean) =>
    new Set(all.filter(those).map(({ order }) => order.orderId));
  const requests = all.map(({ ask, order }) => ({ ask, message: ASKS[ask](ledger, order) }));
  const orders = all.map(({ order }) => order);
  await live(shop(), sweep, orders, restoring(all), {
    life: LATE_LIFE,
    requests: () => requests.map(({ message }) => message),
  });
  await shop().settle();
  for (const minutes of [10, 15, 49 * 60]) await sweep.runAfter(minutes);
  // Of a refund that a table forgot, only the request knows.
  await publishAll(requests.filter(({ ask }) => ask === 'giveBack').map(({ message }) => message));
  await shop().settle();

  const state = await checkInvariants(shop(), {
    decidedAnew: idsOf(({ table }) => table === 'orders'),
    untold: idsOf(({ table, to }) => table === 'notifications' && to === 0),
    leaves: ({ orderId }) => idsOf(({ table }) => table === 'shipments').has(orderId),
    secondText: idsOf(({ table }) => table === 'notifications'),
  });
  const ends = all.map(({ order: { orderId }, ...restore }) => ({ ...restore, ...state.orders.get(orderId) }));
  expect(ends.filter(({ ask, status }) => status !== LATE_ENDS[ask])).toEqual([]);
  expect(ends.filter(({ ask, dispatched }) => ask === 'ship' && !dispatched)).toEqual([]);
}, 180_000);
