import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient, TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { openShard } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import { deleteOrder } from '../../../lambdas/sweep/deletion.ts';
import { isOver } from '../../../lambdas/sweep/retention.ts';
import type { OrderRecords } from '../../../lambdas/sweep/rules.ts';
import { cancelRequested, line, placed, priced, refundRequested } from '../../builders/events.ts';
import { memorySweep } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const DAY = 86_400;
const RECORD_DAYS = 200;
const orderId = 'o-1';
const order = placed({ orderId, items: [priced('A')] });

/** A shop with one order that is at rest; the sweep runs when a test says so, and its words go to the shop. */
async function shopWith(events: readonly CloudEvent[] = [order], recordDays = RECORD_DAYS) {
  const shop = new SimulatedShop({ A: 5 });
  const tables = shop.tables();
  const published: string[] = [];
  const sweep = memorySweep(
    tables,
    async (said) =>
      said.map((event) => {
        published.push(event.type);
        shop.simulation.send(event);
        return undefined;
      }),
    shop.simulation.now,
    { recordMs: recordDays * DAY * 1_000 },
  );
  for (const event of events) {
    shop.simulation.send(event);
    await shop.simulation.run([]);
  }
  return {
    shop,
    tables,
    sweep,
    published,
    /** Returns which tables have a record of the order. */
    kept: () => Object.entries(tables).flatMap(([name, records]) => (records.has(orderId) ? [name] : [])),
    /** Returns a copy of all that is on record of the order. */
    copy: () => structuredClone(new Map(Object.entries(tables).map(([name, records]) => [name, records.get(orderId)]))),
    /** Lets days pass, runs the sweep, and the shop until it is at rest. */
    async sweepAfter(days: number) {
      shop.simulation.clock += days * DAY;
      await sweep.run();
      await shop.simulation.run([]);
    },
  };
}

const ALL = ['orders', 'payments', 'reservations', 'notifications'];

describe('The records of an order', () => {
  test('end when their time after its decision is over, and not before', async () => {
    const { kept, published, sweepAfter } = await shopWith();
    await sweepAfter(RECORD_DAYS - 1);
    expect(kept()).toEqual(ALL);
    await sweepAfter(1.1);
    expect(kept()).toEqual([]);
    expect(published).toEqual([]);
    expect(log.lines.join()).toContain('orders whose records ended with their time: 1');
  });

  test('end also where it was cancelled', async () => {
    const { kept, sweepAfter } = await shopWith([order, cancelRequested({ orderId })]);
    await sweepAfter(RECORD_DAYS + 1);
    expect(kept()).toEqual([]);
  });

  test('are kept as long as the stack unless a time is set', async () => {
    const { kept, sweepAfter } = await shopWith([order], 0);
    await sweepAfter(3_650);
    expect(kept()).toEqual(ALL);
  });

  test('count from what happened to it last', async () => {
    const { shop, kept, sweepAfter } = await shopWith();
    await sweepAfter(RECORD_DAYS - 10);
    shop.simulation.send(refundRequested({ orderId, amount: 100, items: [{ ...line('A'), restock: true }] }));
    await sweepAfter(0);
    await sweepAfter(20);
    expect(kept()).toEqual(ALL);
    await sweepAfter(RECORD_DAYS - 5);
    expect(kept()).toEqual([]);
  });

  test('end a day later where one of them had changed since it was read, or could not be deleted', async () => {
    const { kept, sweep, sweepAfter } = await shopWith();
    sweep.deletion = () => 'conflict';
    await sweepAfter(RECORD_DAYS + 1);
    sweep.deletion = () => new Error('throttled');
    await expect(sweepAfter(0.01)).rejects.toThrow('throttled');
    expect(kept()).toEqual(ALL);
    sweep.deletion = () => 'deleted';
    await sweepAfter(0.01);
    expect(kept()).toEqual([]);
  });

  test('are left to the next run where a run has no time left', async () => {
    // In the same part of the index.
    const other = 'o-9';
    expect(openShard('decided', other)).toBe(openShard('decided', orderId));
    const { tables, sweep, shop } = await shopWith([order, placed({ orderId: other, items: [priced('A')] })]);
    shop.simulation.clock += (RECORD_DAYS + 1) * DAY;
    let remaining = 100_000;
    sweep.deletion = () => {
      remaining = 1;
      return 'deleted';
    };
    const runUntilItsEnd = () => sweep.run(undefined, { getRemainingTimeInMillis: () => remaining });
    await runUntilItsEnd();
    expect(tables.orders.size).toBe(1);
    remaining = 100_000;
    await runUntilItsEnd();
    expect(tables.orders.size).toBe(0);
  });

  test('are looked at once a day where they may not end', async () => {
    const { tables, sweep, sweepAfter } = await shopWith();
    tables.payments.set(orderId, { ...(tables.payments.get(orderId) as Payment), refundDue: 'due' });
    await sweepAfter(RECORD_DAYS + 1);
    sweep.looks.splice(0);
    for (let run = 1; run <= 10; run += 1) await sweepAfter(0.2);
    expect(sweep.looks).toEqual([orderId, orderId]);
  });
});

describe('What is left to do keeps the records of an order', () => {
  const kept: [string, (records: OrderRecords) => OrderRecords][] = [
    ['a refund that a person has to send', withPayment({ refundDue: 'due' })],
    [
      'a refund whose answer is not known',
      ofUnknown({ refunds: [{ refundId: 'r', amount: 1, state: 'pending', time: '2026-01-01T00:00:00.000Z' }] }),
    ],
    ['a payment that was not captured', withPayment({ state: 'authorized' })],
    ['a payment that is being voided', ofUnknown({ state: 'voiding' })],
    ['money that is held', ofUnknown({ state: 'authorized' })],
    ['goods that are held', withReservation({ state: 'reserved' })],
    [
      'goods that are held for nobody',
      (records) => withReservation({ state: 'reserved' })({ ...records, order: undefined }),
    ],
    ['a step that is not published', withOrder({ published: 0 })],
    ['a contradiction', withOrder({ contradiction: 'shipped-after-cancellation' })],
    ['an open decision', ({ order: before }) => withOrder({ status: 'PLACED' })({ order: before })],
    [
      'a text that was not sent',
      ({ notification, ...rest }) => ({ ...rest, notification: notification && { ...notification, texts: {} } }),
    ],
    [
      'a text that is sent later',
      ({ notification, ...rest }) => ({
        ...rest,
        notification: notification && {
          ...notification,
          texts: { 'order-confirmed': { sentAt: '2027-06-01T00:00:00.000Z' } },
        },
      }),
    ],
  ];
  const over: [string, (records: OrderRecords) => OrderRecords][] = [
    ['nothing', (records) => records],
    [
      'a contradiction that a person has settled',
      withOrder({ contradiction: 'shipped-after-cancellation', contradictionSettled: true }),
    ],
    ['what its payment alone tells', ({ payment }) => ({ payment })],
    ['what its goods alone tell', ({ reservation }) => ({ reservation })],
    ['what its own record alone tells', (records) => ({ order: records.order })],
    ['what its text alone tells', ({ notification }) => ({ notification })],
  ];
  const isOverOf = async (change: (records: OrderRecords) => OrderRecords) => {
    const { shop, tables } = await shopWith();
    const records = {
      order: tables.orders.get(orderId),
      payment: tables.payments.get(orderId),
      reservation: tables.reservations.get(orderId),
      notification: tables.notifications.get(orderId),
    };
    return isOver(
      change(records),
      RECORD_DAYS * DAY * 1_000,
      new Date(shop.simulation.now().getTime() + 201 * DAY * 1_000),
    );
  };

  test.each(kept)('%s', async (_, change) => expect(await isOverOf(change)).toBe(false));
  test.each(over)('%s does not', async (_, change) => expect(await isOverOf(change)).toBe(true));
  test('nothing on record is nothing to end', () => expect(isOver({}, 1, new Date())).toBe(false));

  test('no time is set', async () => {
    const { tables } = await shopWith();
    expect(isOver({ payment: tables.payments.get(orderId) }, 0, new Date('2100-01-01'))).toBe(false);
  });
});

describe('After a table was put back, what it has of an order that ended', () => {
  test.each(['payments', 'reservations', 'orders'] as const)(
    'ends again, and has nobody do anything: %s',
    async (table) => {
      const { tables, copy, kept, published, shop, sweepAfter } = await shopWith();
      const before = copy();
      await sweepAfter(RECORD_DAYS + 1);
      tables[table].set(orderId, before.get(table) as never);
      await sweepAfter(1);
      expect(kept()).toEqual([]);
      expect(published).toEqual([]);
      expect(shop.simulation.deadLetters).toEqual([]);
    },
  );

  test('is published to nobody, also where its order had owed something', async () => {
    const { tables, copy, published, kept, sweepAfter } = await shopWith();
    const before = copy().get('orders') as Order;
    await sweepAfter(RECORD_DAYS + 1);
    tables.orders.set(orderId, { ...before, open: before.open?.replace('decided', 'due') ?? '', reconciliations: 3 });
    await sweepAfter(1);
    expect(kept()).toEqual([]);
    expect(published).toEqual([]);
  });
});

describe('One transaction', () => {
  const tables = { orders: 'O', payments: 'P', reservations: 'R', notifications: 'N', shipments: 'S' };
  const now = new Date('2027-06-01T00:00:00Z');
  const reservation = (skus: number, more: Partial<Reservation> = {}): Reservation => ({
    orderId,
    state: 'sold',
    lines: Array.from({ length: skus }, (_, sku) => ({ sku: `S-${sku}`, quantity: 2 })),
    time: '2026-11-21T09:00:00.000Z',
    ...more,
  });
  const version = { orderId, version: 7 };
  const records = { order: version, payment: version, notification: version } as unknown as OrderRecords;

  /** Deletes an order whose goods these are; returns the result, and the tables that each transaction writes. */
  async function run(goods: Reservation, refusals: string[] = []) {
    const transactions: NonNullable<TransactWriteCommandInput['TransactItems']>[] = [];
    const client = {
      send: async ({ input }: { input: TransactWriteCommandInput }) => {
        transactions.push(input.TransactItems ?? []);
        if (refusals.length > 0)
          throw new TransactionCanceledException({
            message: 'cancelled',
            $metadata: {},
            CancellationReasons: refusals.map((Code) => ({ Code })),
          });
      },
    } as unknown as DynamoDBDocumentClient;
    const result = await deleteOrder(client, tables, { orderId, records: { ...records, reservation: goods }, now });
    const of = (action: (typeof transactions)[number][number]) =>
      Object.entries(action).map(([name, one]) => `${name} ${one?.TableName}`);
    return { result, transactions, writes: transactions.map((one) => [...new Set(one.flatMap(of))]) };
  }

  test('deletes all of an order, and adds what it sold to the sums of its SKUs', async () => {
    const { result, writes, transactions } = await run(reservation(2));
    expect(result).toBe('deleted');
    expect(writes).toEqual([['Delete O', 'Delete P', 'Delete N', 'Delete S', 'Delete R', 'Update R']]);
    expect(transactions[0]?.flatMap(({ Update }) => (Update === undefined ? [] : [Update.Key]))).toEqual([
      { orderId: 'ended S-0' },
      { orderId: 'ended S-1' },
    ]);
  });

  test('keeps what came back on the shelves as receipts that name no order', async () => {
    const lines = [
      { sku: 'S-0', quantity: 1, restock: true },
      { sku: 'S-1', quantity: 1, restock: false },
    ];
    const time = '2026-12-01T00:00:00.000Z';
    const { transactions } = await run(reservation(2, { returned: [{ refundId: 'r', lines, time }] }));
    expect(transactions[0]?.flatMap(({ Put }) => (Put === undefined ? [] : [Put.Item]))).toEqual([
      {
        orderId: expect.stringMatching(/^receipt [0-9a-f-]{36}$/),
        state: 'received',
        lines: [{ sku: 'S-0', quantity: 1 }],
        time,
      },
    ]);
  });

  test('is two where the order has too many SKUs for one, its reservation last', async () => {
    expect((await run(reservation(95))).writes).toHaveLength(1);
    const { result, writes, transactions } = await run(reservation(99));
    expect(result).toBe('deleted');
    expect(writes).toEqual([
      ['Delete O', 'Delete P', 'Delete N', 'Delete S'],
      ['Delete R', 'Update R'],
    ]);
    expect(transactions[1]).toHaveLength(100);
  });

  test('is none where an order fits into two neither', async () => {
    const returned = [{ refundId: 'r', lines: [{ sku: 'S-0', quantity: 1, restock: true }], time: now.toISOString() }];
    const { result, transactions } = await run(reservation(99, { returned }));
    expect([result, transactions]).toEqual(['kept', []]);
  });

  test('changes nothing where a record has changed, or another writes it, and fails where the table is throttled', async () => {
    expect((await run(reservation(1), ['None', 'ConditionalCheckFailed'])).result).toBe('conflict');
    expect((await run(reservation(1), ['TransactionConflict'])).result).toBe('conflict');
    expect((await run(reservation(99), ['ThrottlingError'])).result).toEqual(expect.any(Error));
  });
});

function withOrder(change: Partial<Order>) {
  return ({ order: before, ...rest }: OrderRecords): OrderRecords => ({
    ...rest,
    order: before && { ...before, ...change },
  });
}
function withPayment(change: Partial<Payment>) {
  return ({ payment, ...rest }: OrderRecords): OrderRecords => ({
    ...rest,
    payment: payment && { ...payment, ...change },
  });
}
function ofUnknown(change: Partial<Payment>) {
  return ({ payment }: OrderRecords): OrderRecords => withPayment(change)({ payment });
}
function withReservation(change: Partial<Reservation>) {
  return ({ reservation: before, ...rest }: OrderRecords): OrderRecords => ({
    ...rest,
    reservation: before && { ...before, ...change },
  });
}
