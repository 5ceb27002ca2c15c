import { beforeEach, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { openAttributes } from '../../../lambdas/order/open-orders.ts';
import { type AuditResult, audit } from '../../../ops/audit/audit.ts';
import { repair } from '../../../ops/audit/repair.ts';
import { cancelRequested, paymentReceived, placed, priced, received } from '../../builders/events.ts';
import { type MemoryAuditTables, memoryAuditTables } from '../../builders/memory-audit.ts';
import { SWEEP_TIMES } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const HOUR = 3_600;

/** A shop whose orders are at rest, an hour after they were decided. */
async function quietShop(...events: CloudEvent[]) {
  const shop = new SimulatedShop({ A: 50 });
  for (const event of events) shop.simulation.send(event);
  await shop.simulation.run([]);
  shop.simulation.clock += HOUR;
  const tables: MemoryAuditTables = {
    orders: shop.orders.items,
    payments: shop.payments.items,
    reservations: shop.stock.reservations,
    notifications: shop.notifications.items,
    shipments: shop.shipments.items,
    shelves: shop.stock.shelves,
  };
  return { shop, tables };
}

type QuietShop = Awaited<ReturnType<typeof quietShop>>;

const options = ({ shop }: QuietShop) => ({ times: SWEEP_TIMES, now: shop.simulation.now, recheckMs: 0 });
const audited = (quiet: QuietShop): Promise<AuditResult> => audit(memoryAuditTables(quiet.tables), options(quiet));

/** Mends what disagrees by events, which the shop handles; returns what is left. */
async function repaired(quiet: QuietShop, { disagreeing }: AuditResult) {
  const { shop, tables } = quiet;
  const publish = async (events: readonly CloudEvent[]) => {
    for (const event of events) shop.simulation.send(event);
    await shop.simulation.run([]);
    return events.map(() => undefined);
  };
  const run = { ...options(quiet), tables: memoryAuditTables(tables), progress: {} };
  return repair(run, disagreeing, { publish, waitSeconds: 0, now: shop.simulation.now });
}

const items = [priced('A')];
const order = placed({ orderId: 'o-1', items });
const confirmed = () => quietShop(order);
const cancelled = () => quietShop(order, cancelRequested({ orderId: 'o-1' }));
/** Undecided, because the customer has yet to pay. */
const undecided = () => quietShop(placed({ orderId: 'o-1', items, payment: { kind: 'awaited' } }));

function change({ tables }: QuietShop, name: keyof MemoryAuditTables, changes: object, key = 'o-1'): void {
  const table = tables[name] as Map<string, object>;
  table.set(key, { ...table.get(key), ...changes });
}

/** A disagreement that a test plants; `left`: no event mends it. */
type Kind = {
  name: string;
  in: () => Promise<QuietShop>;
  plant: (quiet: QuietShop) => void;
  says: RegExp;
  left?: RegExp;
};

const KINDS: readonly Kind[] = [
  {
    name: 'confirmed, but its payment is only authorized',
    in: confirmed,
    plant: (quiet) => change(quiet, 'payments', { state: 'authorized' }),
    says: /^CONFIRMED: its payment is only authorized$/,
  },
  {
    name: 'confirmed, but its payment is voided',
    in: confirmed,
    plant: (quiet) => change(quiet, 'payments', { state: 'voided' }),
    says: /^CONFIRMED: payment heard that it is cancelled; its payment is voided$/,
  },
  {
    name: 'confirmed, but payment has no record of it',
    in: confirmed,
    plant: ({ tables }) => tables.payments.delete('o-1'),
    says: /^CONFIRMED: payment has no record of it$/,
  },
  {
    name: 'cancelled, but its payment is authorized',
    in: cancelled,
    plant: (quiet) => change(quiet, 'payments', { state: 'authorized' }),
    says: /^CANCELLED: its payment is only authorized$/,
  },
  {
    name: 'cancelled, but its payment is captured and not refunded',
    in: cancelled,
    plant: (quiet) => change(quiet, 'payments', { state: 'captured' }),
    says: /^CANCELLED: its payment is captured$/,
  },
  {
    name: 'cancelled, but its goods are reserved',
    in: cancelled,
    plant: (quiet) => {
      change(quiet, 'reservations', { state: 'reserved' });
      Object.assign(quiet.shop.stock.shelf('A'), { available: 49, reserved: 1 });
    },
    says: /^CANCELLED: its goods are reserved$/,
  },
  {
    name: 'cancelled, but its goods are sold',
    in: cancelled,
    plant: (quiet) => {
      change(quiet, 'reservations', { state: 'sold' });
      Object.assign(quiet.shop.stock.shelf('A'), { available: 49, sold: 1 });
    },
    says: /^CANCELLED: its goods are sold$/,
  },
  {
    name: 'confirmed, but its goods are back on the shelf',
    in: confirmed,
    plant: (quiet) => {
      change(quiet, 'reservations', { state: 'released' });
      Object.assign(quiet.shop.stock.shelf('A'), { available: 50, sold: 0 });
    },
    says: /^CONFIRMED: stock heard that it is cancelled; its goods are back on the shelf$/,
  },
  {
    name: 'confirmed, but stock has no record of it',
    in: confirmed,
    plant: (quiet) => {
      quiet.tables.reservations.delete('o-1');
      Object.assign(quiet.shop.stock.shelf('A'), { available: 50, sold: 0 });
    },
    says: /^CONFIRMED: stock has no record of it$/,
  },
  {
    name: 'decided, but notification has not heard of it',
    in: confirmed,
    plant: (quiet) => change(quiet, 'notifications', { decision: undefined, texts: {} }),
    says: /^CONFIRMED: notification has not heard of it$/,
  },
  {
    name: 'decided, but its customer was not told',
    in: confirmed,
    plant: (quiet) => change(quiet, 'notifications', { texts: {} }),
    says: /^CONFIRMED: its customer is known and was not told$/,
  },
  {
    name: 'cancelled, but its customer was told that it is confirmed',
    in: cancelled,
    plant: (quiet) => change(quiet, 'notifications', { decision: 'order-confirmed', texts: {} }),
    says: /^CANCELLED: notification heard that it is confirmed$/,
  },
  {
    name: 'a step that is not published',
    in: confirmed,
    plant: (quiet) => change(quiet, 'orders', { published: (quiet.tables.orders.get('o-1')?.published ?? 0) - 1 }),
    says: /^CONFIRMED: 1 of its \d steps is not known to be published/,
  },
  {
    name: 'confirmed, but shipping has no shipment of it',
    in: confirmed,
    plant: ({ tables }) => tables.shipments.delete('o-1'),
    says: /^CONFIRMED: shipping has no shipment of it$/,
    left: /replay --to shipping --order o-1 --from 20/,
  },
  {
    name: 'confirmed, but a step of its feed is missing',
    in: confirmed,
    plant: (quiet) =>
      change(quiet, 'shipments', { sequence: 1, status: 'PLACED', parked: [{ sequence: 3, step: 'x', time: '' }] }),
    says: /because step 2 has not come$/,
    left: /dlq redrive --consumer shipping/,
  },
  {
    name: 'cancelled, but its shipment is not stopped',
    in: cancelled,
    plant: (quiet) => change(quiet, 'shipments', { status: 'CONFIRMED' }),
    says: /^CANCELLED: its shipment is not stopped$/,
    left: /^Hold the goods back; then npm run ops/,
  },
  {
    name: 'confirmed for another sum than its payment is of',
    in: confirmed,
    plant: (quiet) => change(quiet, 'payments', { money: { amount: 900, currency: 'KRW' } }),
    says: /^CONFIRMED: it costs ₩1,000, and its payment is of ₩900$/,
    left: /a person finds out/,
  },
  {
    name: 'confirmed with other goods than stock has on record',
    in: confirmed,
    plant: (quiet) => {
      change(quiet, 'reservations', { lines: [{ sku: 'A', quantity: 2 }] });
      Object.assign(quiet.shop.stock.shelf('A'), { available: 48, sold: 2 });
    },
    says: /^CONFIRMED: stock has other goods on record than were ordered$/,
    left: /a person finds out/,
  },
  {
    name: 'a status that its timeline contradicts',
    in: confirmed,
    plant: (quiet) =>
      change(quiet, 'orders', {
        timeline: quiet.tables.orders.get('o-1')?.timeline.filter(({ type }) => !type.includes('confirmed')) ?? [],
      }),
    says: /^CONFIRMED: its timeline has no decision$/,
    left: /a person finds out/,
  },
  {
    name: 'undecided past its deadline',
    in: undecided,
    plant: ({ shop }) => {
      shop.simulation.clock += 49 * HOUR;
    },
    says: /^PLACED: undecided past its deadline of 48 hours$/,
  },
  {
    name: 'undecided, but others heard a decision',
    in: confirmed,
    plant: (quiet) => {
      const { reason: _, ...rest } = quiet.tables.orders.get('o-1') ?? {
        orderId: '',
        version: 0,
        timeline: [],
        published: 0,
      };
      const timeline = rest.timeline.filter(({ type }) => !type.includes('confirmed'));
      quiet.tables.orders.set('o-1', {
        ...rest,
        ...openAttributes('open', 'o-1', quiet.shop.simulation.now()),
        status: 'PLACED',
        timeline: timeline.slice(0, 1),
        published: 1,
        payment: undefined,
        stock: undefined,
      } as never);
    },
    says: /^PLACED: undecided, but payment, stock and notification heard that it is confirmed$/,
  },
  {
    name: 'an outcome that order has not heard',
    in: undecided,
    plant: (quiet) => change(quiet, 'orders', { stock: undefined }),
    says: /^PLACED: its goods are reserved, and order has not heard it$/,
    left: /trace o-1 says which message waits/,
  },
  {
    name: 'an order that the sweep never finds',
    in: undecided,
    plant: (quiet) => change(quiet, 'orders', { open: undefined, openSince: undefined }),
    says: /^PLACED: the index of open orders does not have it/,
    left: /cancel o-1 ends it at once/,
  },
  {
    name: 'money and goods of an order without a record',
    in: confirmed,
    plant: ({ tables }) => tables.orders.delete('o-1'),
    says: /^not known to order: its payment is captured, its goods are sold$/,
  },
  {
    name: 'a shipment of an order that nobody else knows',
    in: confirmed,
    plant: (quiet) => {
      const { tables, shop } = quiet;
      for (const name of ['orders', 'payments', 'reservations', 'notifications'] as const) tables[name].delete('o-1');
      Object.assign(shop.stock.shelf('A'), { available: 50, sold: 0 });
    },
    says: /^not known to order: shipping has a shipment of it$/,
    left: /a person finds out/,
  },
  {
    name: 'a due refund that no list shows',
    in: cancelled,
    plant: (quiet) => change(quiet, 'payments', { state: 'refund-due' }),
    says: /^CANCELLED: its refund is due, and the list of due refunds does not have it$/,
    left: /refund-due\.md/,
  },
];

describe('An audit', () => {
  test.each(KINDS)('names $name, and mends it by events or says who does', async ({ in: begin, plant, says, left }) => {
    const quiet = await begin();
    plant(quiet);
    const result = await audited(quiet);
    expect(result.disagreeing.map(({ orderId }) => orderId)).toEqual(['o-1']);
    expect(result.disagreeing[0]?.problem).toMatch(says);
    const { published, left: still } = await repaired(quiet, result);
    expect(published).toBe(left === undefined ? 1 : 0);
    if (left === undefined) expect(still).toEqual([]);
    else expect(still[0]?.repair).toMatch(left);
    if (left === undefined) expect(await audited(quiet)).toMatchObject({ disagreeing: [], shelves: { wrong: [] } });
  });

  test('finds nothing in a shop that has orders of every kind', async () => {
    const quiet = await quietShop(
      received({ items: [{ sku: 'B', quantity: 40 }] }),
      placed({ orderId: 'confirmed', items }),
      placed({ orderId: 'declined', items, token: 'tok_declined' }),
      placed({ orderId: 'short', items: [priced('A', 60)] }),
      placed({ orderId: 'lapsed', items, token: 'tok_lapses' }),
      placed({ orderId: 'checkout', items, payment: { kind: 'captured', reference: 'pi_1' } }),
      placed({ orderId: 'refunded', items: [priced('A', 60)], payment: { kind: 'captured', reference: 'pi_2' } }),
      placed({ orderId: 'held', items, payment: { kind: 'authorized', reference: 'pi_3' } }),
      placed({ orderId: 'delivery', items, payment: { kind: 'on-delivery' } }),
      placed({ orderId: 'awaited', items, payment: { kind: 'awaited' } }),
      placed({ orderId: 'paid', items, payment: { kind: 'awaited' } }),
      placed({ orderId: 'free', items: [priced('A', 1, 0)] }),
      placed({ orderId: 'services', items: [{ ...priced('gift wrapping'), tracked: false }] }),
      placed({ orderId: 'no-phone', items, phone: '' }),
      cancelRequested({ orderId: 'never-placed' }),
      cancelRequested({ orderId: 'cancelled-before' }),
      placed({ orderId: 'cancelled-before', items }),
      placed({ orderId: 'contradiction', items }),
      placed({ orderId: 'contradiction', items: [priced('A', 2)] }),
    );
    quiet.shop.simulation.send(paymentReceived({ orderId: 'paid', amount: 1_000 }));
    quiet.shop.simulation.send(cancelRequested({ orderId: 'declined' }));
    await quiet.shop.simulation.run([]);
    quiet.shop.simulation.clock += HOUR;
    // Whoever placed something else is told nothing; a text waits for the end of quiet hours.
    change(quiet, 'notifications', { contents: 'of another order', decision: undefined, texts: {} }, 'checkout');
    const notBefore = new Date(quiet.shop.simulation.now().getTime() + HOUR * 1_000).toISOString();
    change(quiet, 'notifications', { texts: { 'order-confirmed': { notBefore } } }, 'held');

    const statuses = new Set([...quiet.tables.orders.values()].map(({ status, reason = status }) => reason));
    expect(statuses).toEqual(new Set(['CONFIRMED', 'payment-declined', 'out-of-stock', 'PLACED', 'customer']));
    expect(await audited(quiet)).toEqual({
      checked: quiet.tables.orders.size,
      disagreeing: [],
      settling: 0,
      shelves: { checked: 2, wrong: [], moving: 0 },
    });
  });

  test('does not name an order that is at work: its decision is too young, or it agrees when it is read again', async () => {
    const young = await confirmed();
    young.shop.simulation.clock -= HOUR;
    change(young, 'payments', { state: 'authorized' });
    expect(await audited(young)).toMatchObject({ disagreeing: [], settling: 1 });

    const quiet = await confirmed();
    const record = quiet.tables.payments.get('o-1');
    change(quiet, 'payments', { state: 'authorized' });
    const tables = memoryAuditTables(quiet.tables, (table) => {
      if (table === 'reservations' && record !== undefined) quiet.tables.payments.set('o-1', record);
    });
    expect(await audit(tables, options(quiet))).toMatchObject({ disagreeing: [], settling: 0 });
  });

  test('says that a consumer refuses an order which the sweep had published in vain', async () => {
    const quiet = await confirmed();
    change(quiet, 'payments', { state: 'authorized' });
    change(quiet, 'orders', { ...openAttributes('due', 'o-1', new Date('2026-11-30T00:00:00Z')), reconciliations: 3 });
    const [found] = (await audited(quiet)).disagreeing;
    expect(found?.repair).toMatch(/3 times in vain, so a consumer refuses it or is down: npm run ops -- trace o-1/);
    expect(found?.repair).toMatch(/at 2026-11-30T00:00:00.000Z; npm run ops -- audit --repair does it at once\.$/);
  });

  test('forgets a cancellation that is due to be forgotten', async () => {
    const quiet = await quietShop(cancelRequested({ orderId: 'o-1' }));
    quiet.tables.payments.delete('o-1');
    expect((await audited(quiet)).disagreeing).toHaveLength(1);
    quiet.shop.simulation.clock += 31 * 24 * HOUR;
    expect((await audited(quiet)).disagreeing).toEqual([]);
  });
});
