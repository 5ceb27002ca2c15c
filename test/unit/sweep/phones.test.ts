import { beforeEach, describe, expect, test } from 'vitest';
import { paymentCaptured } from '../../../contracts/payment.ts';
import type { Notification } from '../../../lambdas/notification/rules.ts';
import { decidedShards, openAttributes } from '../../../lambdas/order/open-orders.ts';
import { newOrder, type Order } from '../../../lambdas/order/record.ts';
import { orderRecords } from '../../../lambdas/sweep/order-records.ts';
import { forgetPhones } from '../../../lambdas/sweep/phones.ts';
import { DocumentTables } from '../../builders/document-tables.ts';
import { cancelRequested, captured, placed, priced } from '../../builders/events.ts';
import { memorySweep, SWEEP_TIMES } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const PHONE = '+821012345678';
const DAY = 86_400;
const order = placed({ orderId: 'o-1', items: [priced('A')], phone: PHONE });

/** A shop with one decided order; the sweep runs when a test says so, and its words go to the shop. */
async function decidedShop() {
  const shop = new SimulatedShop({ A: 5 });
  const { notifications } = shop;
  const tables = shop.tables();
  const sweep = memorySweep(
    tables,
    async (events) =>
      events.map((event) => {
        shop.simulation.send(event);
        return undefined;
      }),
    shop.simulation.now,
  );
  shop.simulation.send(order);
  await shop.simulation.run([]);
  return {
    shop,
    tables,
    state: sweep.state,
    isPhoneKept: () => JSON.stringify([...notifications.items.values()]).includes(PHONE.slice(1)),
    /** Lets days pass, runs the sweep, and the shop until it is at rest. */
    async sweepAfter(days: number) {
      shop.simulation.clock += days * DAY;
      await sweep.run();
      await shop.simulation.run([]);
    },
  };
}

describe('The phone of a confirmed order', () => {
  test('leaves its record thirty days after the decision, and not before', async () => {
    const { isPhoneKept, sweepAfter } = await decidedShop();
    await sweepAfter(29.9);
    expect(isPhoneKept()).toBe(true);
    await sweepAfter(0.2);
    expect(isPhoneKept()).toBe(false);
    expect(log.lines.join()).not.toContain(PHONE.slice(1));
  });

  test('never comes back, whatever is delivered again, and costs no dead letter', async () => {
    const { shop, isPhoneKept, sweepAfter } = await decidedShop();
    await sweepAfter(31);
    for (const event of [order, placed({ orderId: 'o-1', items: [priced('A')], phone: '+821099998888' }), order])
      shop.simulation.send(event);
    await shop.simulation.run([]);
    await sweepAfter(1);
    expect(isPhoneKept()).toBe(false);
    expect(shop.notifications.items.get('o-1')?.contact).toEqual({ locale: 'en', forgotten: true });
    expect(shop.texts).toEqual(['o-1 order-confirmed']);
  });

  test('ends also while the order owes something', async () => {
    const { tables, isPhoneKept, sweepAfter } = await decidedShop();
    tables.payments = new Map();
    for (let run = 1; run <= 14; run += 1) await sweepAfter(2);
    expect(tables.orders.get('o-1')?.open).toMatch(/^due-/);
    expect(isPhoneKept()).toBe(true);
    await sweepAfter(3);
    expect(isPhoneKept()).toBe(false);
  });

  test('ends again after the notifications table was put back', async () => {
    const { shop, state, isPhoneKept, sweepAfter } = await decidedShop();
    const before = shop.notifications.items.get('o-1') as Notification;
    await sweepAfter(31);
    shop.notifications.items.set('o-1', before);
    // The table that stands in has another name, under which nothing is on record yet.
    state.progress = Object.fromEntries(Object.entries(state.progress).filter(([key]) => !key.startsWith('phones')));
    await sweepAfter(1);
    expect(isPhoneKept()).toBe(false);
  });

  test('ends also where the index does not have its order, as versions before 0.3.0 left it', async () => {
    const { tables, isPhoneKept, sweepAfter } = await decidedShop();
    await sweepAfter(1);
    const { open, openSince, ...outside } = tables.orders.get('o-1') as Order;
    tables.orders.set('o-1', outside);
    await sweepAfter(31);
    expect(isPhoneKept()).toBe(false);
    expect(tables.orders.get('o-1')).toMatchObject({ open, openSince });
  });
});

test('The phone of a cancelled order is gone before any sweep', async () => {
  const { shop, isPhoneKept } = await decidedShop();
  shop.simulation.send(cancelRequested({ orderId: 'o-1' }));
  await shop.simulation.run([]);
  expect(shop.texts).toEqual(['o-1 order-confirmed', 'o-1 order-cancelled']);
  expect(isPhoneKept()).toBe(false);
});

describe('Phones that end together', () => {
  const now = new Date('2026-12-31T00:00:00Z');
  const decided = (orderId: string): Order => ({
    ...newOrder(orderId, captured({ orderId })),
    status: 'CONFIRMED',
    timeline: [{ time: '2026-11-21T09:00:00.000Z', type: paymentCaptured.type, source: '/shop/payment' }],
    ...openAttributes('decided', orderId, new Date('2026-11-21T09:00:00.000Z')),
  });

  /** Runs over so many orders in the real tables' form; returns the calls. */
  async function run(count: number, hasTime = () => true, changed?: (item: Record<string, unknown>) => void) {
    const tables = new DocumentTables({ notifications: 'orderId' });
    const orders = Array.from({ length: count }, (_, number) => decided(`o-${number}`));
    for (const { orderId } of orders) {
      const contact = { phone: PHONE, locale: 'ko' };
      tables.items('notifications').set(orderId, { orderId, version: 3, contact, texts: {} });
    }
    const names = {
      orders: 'orders',
      payments: 'payments',
      reservations: 'reservations',
      notifications: 'notifications',
      shipments: 'shipments',
    };
    const records = orderRecords(names, tables.client);
    const queries: string[] = [];
    let progress = {};
    const index = {
      async *pages(shard: string, since: Date) {
        queries.push(shard);
        const found = orders.filter(({ open, openSince = '' }) => open === shard && openSince >= since.toISOString());
        for (let start = 0; start < found.length; start += 100)
          yield found.slice(start, start + 100).map(({ orderId, openSince = '' }) => ({ orderId, openSince }));
      },
      writeProgress: async (written: object) => {
        progress = written;
      },
    };
    const sweep = { index, records, times: SWEEP_TIMES, now, failures: [], hasTime } as never;
    tables.fault = (name) => {
      if (name === 'BatchExecuteStatementCommand' && changed !== undefined)
        [...tables.items('notifications').values()].forEach(changed);
      return undefined;
    };
    await forgetPhones(sweep, progress);
    changed = undefined;
    const kept = () =>
      [...tables.items('notifications').values()].filter((item) => JSON.stringify(item).includes(PHONE));
    return { calls: tables.calls, queries, kept, again: () => forgetPhones(sweep, progress) };
  }

  test('cost a read for a hundred orders and a write for twenty-five, and nothing in the hour after', async () => {
    const { calls, queries, kept, again } = await run(4_000);
    expect(kept()).toEqual([]);
    expect(queries).toEqual(decidedShards);
    expect(calls.filter((name) => name === 'BatchGetCommand').length).toBeLessThanOrEqual(48);
    expect(calls.filter((name) => name === 'BatchExecuteStatementCommand').length).toBeLessThanOrEqual(170);
    const { length } = calls;
    await again();
    expect(calls).toHaveLength(length);
    expect(queries).toEqual(decidedShards);
  });

  test('are left to the next run where their records changed since they were read', async () => {
    const { kept, again } = await run(
      10,
      () => true,
      (item) => Object.assign(item, { version: Number(item.version) + 1 }),
    );
    expect(kept()).toHaveLength(10);
    await again();
    expect(kept()).toEqual([]);
  });

  test('are left to the next run when the time is over, which goes on from there', async () => {
    let looks = 0;
    const { kept, again } = await run(4_000, () => {
      looks += 1;
      return looks !== 3;
    });
    expect(kept().length).toBeGreaterThan(0);
    await again();
    expect(kept()).toEqual([]);
  });
});
