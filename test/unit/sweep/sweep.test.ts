import { beforeEach, describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { openAttributes } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { cancelRequested, confirmed, placed, priced } from '../../builders/events.ts';
import { memorySweep } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

const log = quietLog();
const MINUTE = 60;
const HOUR = 3600;

/** A shop whose sweep runs when a test says so; the sweep's words go to the shop, and are listed. */
async function sweptShop(events: readonly CloudEvent[] = [], times: { reminderMs?: number } = {}) {
  const shop = new SimulatedShop({ A: 5 });
  const words: CloudEvent[] = [];
  let sweptAt = 0;
  let refuses = (_event: CloudEvent) => false;
  const tables = shop.tables();
  const sweep = memorySweep(
    tables,
    async (all) =>
      all.map((event) => {
        if (refuses(event)) return new UnavailableError('no');
        words.push(parseEvent(JSON.stringify(event), catalog));
        shop.simulation.send(event);
        return undefined;
      }),
    shop.simulation.now,
    times,
  );
  for (const event of events) shop.simulation.send(event);
  await shop.simulation.run([]);
  return {
    ...shop,
    shop,
    tables,
    words,
    looks: sweep.looks,
    refuse: (rule: typeof refuses) => {
      refuses = rule;
    },
    order: () => shop.orders.items.get('o-1'),
    sweptAt: () => sweptAt,
    /** Lets time pass, runs the sweep, and the shop until it is at rest; returns what the sweep said. */
    sweepAfter: async (seconds: number) => {
      shop.simulation.clock += seconds;
      const before = words.length;
      sweptAt = shop.simulation.now().getTime();
      await sweep.run();
      await shop.simulation.run([]);
      return words.slice(before).map(({ type }) => type.split('.')[2]);
    },
  };
}

const order = placed({ orderId: 'o-1', items: [priced('A')] });

beforeEach(() => log.lines.splice(0));

describe('The sweep and a decided order', () => {
  test('says nothing where everybody has heard of it, and reads its records no more once the clocks allow', async () => {
    const { sweepAfter, looks } = await sweptShop([order]);
    expect(await sweepAfter(10 * MINUTE)).toEqual([]);
    expect(looks).toEqual(['o-1']);
    await sweepAfter(HOUR);
    const { length } = looks;
    await sweepAfter(HOUR);
    expect(looks).toHaveLength(length);
  });

  test('is published again within 15 minutes where a consumer never heard of it', async () => {
    for (const [table, lost] of [
      ['payments', { state: 'authorized' }],
      ['reservations', { state: 'reserved' }],
      ['notifications', { decision: undefined, texts: {} }],
    ] as const) {
      const { sweepAfter, tables, order: current, shop, looks } = await sweptShop([order]);
      const decidedAt = current()?.openSince ?? '';
      const record = tables[table].get('o-1');
      (tables[table] as Map<string, object>).set('o-1', { ...record, ...lost });
      if (table === 'reservations') Object.assign(shop.stock.shelf('A'), { available: 4, reserved: 1, sold: 0 });
      expect(await sweepAfter(10 * MINUTE)).toEqual(['reconciliation-due']);
      expect(shop.gateway.entries('capture', 'o-1')).toHaveLength(1);
      expect(tables.payments.get('o-1')?.state).toBe('captured');
      expect(tables.reservations.get('o-1')?.state).toBe('sold');
      expect(tables.notifications.get('o-1')?.decision).toBe('order-confirmed');
      // It goes back to the moment of its decision as soon as everything agrees, and is not looked at again.
      expect(current()?.open).toMatch(/^due-/);
      expect(await sweepAfter(10 * MINUTE)).toEqual([]);
      expect(current()).toMatchObject(openAttributes('decided', 'o-1', new Date(decidedAt)));
      expect(current()).not.toHaveProperty('reconciliations');
      await sweepAfter(HOUR);
      const { length } = looks;
      await sweepAfter(HOUR);
      expect(looks).toHaveLength(length);
    }
  });

  test('is published again at doubling intervals, up to a day, while a consumer does not hear of it', async () => {
    const { sweepAfter, sweptAt, tables, order: current } = await sweptShop([order]);
    tables.payments = new Map();
    const intervals: number[] = [];
    for (let run = 1; run <= 11; run += 1) {
      expect(await sweepAfter(2 * 86_400)).toEqual(['reconciliation-due']);
      const { openSince = '' } = current() ?? {};
      intervals.push(Math.round((Date.parse(openSince) - sweptAt()) / 60_000));
    }
    expect(intervals).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
  });

  test('is found long after it was looked at where its reservation is gone, and is sold from the shelf', async () => {
    const { sweepAfter, tables, shop } = await sweptShop([order]);
    for (const minutes of [10, 60]) expect(await sweepAfter(minutes * MINUTE)).toEqual([]);
    tables.reservations.clear();
    Object.assign(shop.stock.shelf('A'), { available: 5, reserved: 0, sold: 0 });
    expect(await sweepAfter(10 * MINUTE)).toEqual(['reconciliation-due']);
    expect(shop.stock.shelf('A')).toMatchObject({ available: 4, reserved: 0, sold: 1 });
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['authorization', 'capture']);
    expect(shop.texts).toEqual(['o-1 order-confirmed']);
  });

  test('is cancelled where it is confirmed again after its table was put back, and somebody heard of its cancellation', async () => {
    const { sweepAfter, tables, order: current, shop } = await sweptShop([cancelRequested({ orderId: 'o-1' }), order]);
    expect(current()?.status).toBe('CANCELLED');
    tables.orders.set('o-1', confirmedOrder());
    expect(await sweepAfter(10 * MINUTE)).toEqual(['reconciliation-due']);
    expect(current()).toMatchObject({ status: 'CANCELLED', reason: 'unknown' });
    expect(shop.gateway.entries('capture', 'o-1')).toEqual([]);
  });
});

function confirmedOrder(): Order {
  const time = '2026-11-21T08:00:00.000Z';
  return {
    orderId: 'o-1',
    version: 3,
    status: 'CONFIRMED',
    total: order.data.total,
    items: [{ sku: 'A', quantity: 1 }],
    timeline: [
      { time, type: order.type, source: order.source },
      { time, type: confirmed().type, source: '/shop/order' },
    ],
    published: 2,
    ...openAttributes('decided', 'o-1', new Date(time)),
  };
}

describe('The sweep and an undecided order', () => {
  test('has it cancelled past its deadline', async () => {
    const { sweepAfter, tables, order: current } = await sweptShop();
    tables.orders.set('o-1', undecidedOrder({}));
    expect(await sweepAfter(47 * HOUR)).toEqual([]);
    expect(await sweepAfter(2 * HOUR)).toEqual(['deadline-passed']);
    expect(current()).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
  });

  test('has it cancelled at the moment until which its payment is awaited', async () => {
    const { sweepAfter, tables, order: current } = await sweptShop();
    tables.orders.set('o-1', undecidedOrder(openAttributes('until', 'o-1', new Date('2026-11-21T10:00:00Z'))));
    expect(await sweepAfter(HOUR / 2)).toEqual([]);
    expect(await sweepAfter(HOUR)).toEqual(['deadline-passed']);
    expect(current()).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
  });

  test('has its customer told of a delay once, and not past the deadline', async () => {
    const { sweepAfter, tables } = await sweptShop([], { reminderMs: 6 * HOUR * 1000 });
    tables.orders.set('o-1', undecidedOrder({}));
    expect(await sweepAfter(5 * HOUR)).toEqual([]);
    expect(await sweepAfter(2 * HOUR)).toEqual(['reminder-due']);
    expect(await sweepAfter(2 * HOUR)).toEqual([]);
    expect(await sweepAfter(40 * HOUR)).toEqual(['deadline-passed']);
  });

  test('is found again by the next run where the bus refused it, and the run fails', async () => {
    const { sweepAfter, refuse, tables, words } = await sweptShop();
    tables.orders.set('o-1', undecidedOrder({}));
    tables.orders.set('o-2', { ...undecidedOrder({}), orderId: 'o-2' });
    refuse(({ subject }) => subject === 'o-1');
    await expect(sweepAfter(49 * HOUR)).rejects.toThrow('no');
    expect(words.map(({ id }) => id)).toEqual(['o-2.deadline-passed']);
    refuse(() => false);
    expect(await sweepAfter(5 * MINUTE)).toContain('deadline-passed');
  });

  test('teaches it, past its deadline, what others have heard: what was confirmed is not timed out, nor charged or texted again', async () => {
    const { sweepAfter, tables, order: current, shop } = await sweptShop([order]);
    const { timeline } = current() ?? { timeline: [] };
    tables.orders.set('o-1', undecidedOrder({ timeline: timeline.slice(0, 1), published: 1 }));
    expect(await sweepAfter(49 * HOUR)).toEqual(['reconciliation-due']);
    expect(current()).toMatchObject({ status: 'CONFIRMED', items: [{ sku: 'A', quantity: 1 }] });
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['authorization', 'capture']);
    expect(shop.texts).toEqual(['o-1 order-confirmed']);
  });

  test('has it built anew where its record is gone: confirmed where others heard that', async () => {
    const { sweepAfter, tables, order: current, shop } = await sweptShop([order]);
    tables.orders.clear();
    expect(await sweepAfter(10 * MINUTE)).toContain('reconciliation-due');
    expect(current()).toMatchObject({ status: 'CONFIRMED', total: order.data.total });
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['authorization', 'capture']);
  });

  test('ends money and goods that are held for an order of which its consumer never heard, once its time is up', async () => {
    const { sweepAfter, tables, order: current, shop } = await sweptShop();
    tables.payments.set('o-1', {
      orderId: 'o-1',
      version: 1,
      state: 'authorized',
      money: order.data.total,
      time: shop.simulation.now().toISOString(),
    });
    expect(await sweepAfter(10 * MINUTE)).toEqual([]);
    expect(await sweepAfter(49 * HOUR)).toEqual(['deadline-passed']);
    expect(current()).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
    expect(tables.payments.get('o-1')?.state).toBe('voided');
  });
});

function undecidedOrder(parts: Partial<Order>): Order {
  return {
    orderId: 'o-1',
    version: 9,
    status: 'PLACED',
    total: order.data.total,
    items: [{ sku: 'A', quantity: 1 }],
    method: { kind: 'token' },
    timeline: [],
    published: 0,
    ...openAttributes('open', 'o-1', new Date('2026-11-21T09:00:00Z')),
    ...parts,
  };
}
