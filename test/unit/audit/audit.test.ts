import { beforeEach, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { openAttributes } from '../../../lambdas/order/open-orders.ts';
import { TOMBSTONE_DAYS } from '../../../lambdas/runtime/tombstone.ts';
import { type AuditResult, audit } from '../../../ops/audit/audit.ts';
import { repair } from '../../../ops/audit/repair.ts';
import {
  cancelRequested,
  paymentReceived,
  placed,
  priced,
  received,
  refundRequested,
  shipped,
} from '../../builders/events.ts';
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
    ...shop.tables(),
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
/** Sends what comes after a confirmation, and lets its consumers rest. */
async function after(events: readonly CloudEvent[], first: CloudEvent = order): Promise<QuietShop> {
  const quiet = await quietShop(first);
  for (const event of events) quiet.shop.simulation.send(event);
  await quiet.shop.simulation.run([]);
  quiet.shop.simulation.clock += HOUR;
  return quiet;
}
const hasLeft = () => after([shipped({ orderId: 'o-1' })]);
const refund = (parts: object) => refundRequested({ orderId: 'o-1', refundId: 'r-1', ...parts });
const backItems = [{ sku: 'A', quantity: 1, restock: true }];
/** Half of the money went back, and one of the two pieces. */
const refunded = () =>
  after([refund({ amount: 1_000, items: backItems })], placed({ orderId: 'o-1', items: [priced('A', 2)] }));

function without(quiet: QuietShop, table: keyof MemoryAuditTables, ...names: string[]): void {
  change(quiet, table, Object.fromEntries(names.map((name) => [name, undefined])));
}

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
    name: 'shipped, but payment does not know it',
    in: hasLeft,
    plant: (quiet) => without(quiet, 'payments', 'dispatched'),
    says: /^CONFIRMED: payment has not heard that goods of it left$/,
  },
  {
    name: 'shipped, but stock does not know it',
    in: hasLeft,
    plant: (quiet) => without(quiet, 'reservations', 'dispatched'),
    says: /^CONFIRMED: stock has not heard that goods of it left$/,
  },
  {
    name: 'shipped as others know, and order does not',
    in: hasLeft,
    plant: (quiet) => {
      const { timeline = [] } = quiet.tables.orders.get('o-1') ?? {};
      const kept = timeline.filter(({ type }) => !type.includes('shipped'));
      change(quiet, 'orders', { dispatched: undefined, timeline: kept, published: kept.length });
    },
    says: /^CONFIRMED: payment and stock heard that goods of it left$/,
  },
  {
    name: 'goods that left of a cancelled order',
    in: async () => {
      const quiet = await cancelled();
      quiet.shop.simulation.send(shipped({ orderId: 'o-1' }));
      await quiet.shop.simulation.run([]);
      return quiet;
    },
    plant: () => {},
    says: /^CANCELLED: goods of it left although it is cancelled$/,
    left: /has the parcel stopped.*counts the shelf.*docs\/runbook\/contradiction\.md.*trace o-1/,
  },
  {
    name: 'goods that left and whose payment was not captured',
    in: hasLeft,
    plant: (quiet) => {
      change(quiet, 'payments', { state: 'lapsed' });
      change(quiet, 'orders', { contradiction: 'not-captured-after-shipping' });
    },
    says: /^CONFIRMED: its goods left, and its payment could not be captured$/,
    left: /^A person has the parcel stopped, or the goods paid for or sent back; docs/,
  },
  {
    name: 'goods that left of an order that payment undid',
    in: hasLeft,
    plant: (quiet) => {
      change(quiet, 'payments', { state: 'refunded' });
      change(quiet, 'orders', { contradiction: 'cancelled-after-shipping' });
    },
    says: /^CONFIRMED: its goods left, and others heard that it is cancelled$/,
    left: /docs\/runbook\/contradiction\.md/,
  },
  {
    name: 'a refund that was begun and has not ended',
    in: refunded,
    plant: (quiet) => {
      const [one] = quiet.tables.payments.get('o-1')?.refunds ?? [];
      change(quiet, 'payments', { refunds: [{ ...one, state: 'pending', refunded: undefined }] });
    },
    says: /^CONFIRMED: refund r-1 of ₩1,000 has not ended$/,
  },
  {
    name: 'a refund that was begun, of a cancelled order whose payment refuses that',
    in: refunded,
    plant: (quiet) => {
      const [one] = quiet.tables.payments.get('o-1')?.refunds ?? [];
      change(quiet, 'payments', { refunds: [{ ...one, state: 'pending' }], dispatched: true });
      change(quiet, 'reservations', { dispatched: true });
      change(quiet, 'notifications', { decision: 'order-cancelled' });
      change(quiet, 'shipments', { status: 'CANCELLED' });
      const { timeline = [] } = quiet.tables.orders.get('o-1') ?? {};
      change(quiet, 'orders', {
        status: 'CANCELLED',
        contradiction: 'shipped-after-cancellation',
        contradictionSettled: true,
        timeline: timeline.map((entry) => ({ ...entry, type: entry.type.replace('confirmed', 'cancelled') })),
      });
    },
    says: /^CANCELLED: refund r-1 of ₩1,000 has not ended$/,
    left: /^npm run ops -- dlq redrive --consumer payment, or whoever asked for it/,
  },
  {
    name: 'a refund whose goods did not come back to stock',
    in: refunded,
    plant: (quiet) => {
      without(quiet, 'reservations', 'returned');
      Object.assign(quiet.shop.stock.shelf('A'), { available: 48 });
    },
    says: /^CONFIRMED: the goods of refund r-1 have not come back to stock$/,
    left: /dlq redrive --consumer stock, or.* refund o-1 0 --id r-1 --item <sku>=<pieces>\.$/,
  },
  {
    name: 'goods that came back and whose money payment does not know of',
    in: refunded,
    plant: (quiet) => without(quiet, 'payments', 'refunds'),
    says: /^CONFIRMED: ₩1,000 of refund r-1 is not known to payment$/,
    left: /dlq redrive --consumer payment, or.* refund o-1 1000 --id r-1\.$/,
  },
  {
    name: 'more money that went back than was captured',
    in: refunded,
    plant: (quiet) => {
      const [one] = quiet.tables.payments.get('o-1')?.refunds ?? [];
      change(quiet, 'payments', { refunds: [one, { ...one, refundId: 'r-2', amount: 1_500, goods: undefined }] });
    },
    says: /^CONFIRMED: ₩2,500 went back of it or is about to, and ₩2,000 was captured$/,
    left: /a person finds out at the provider/,
  },
  {
    name: 'money that went back of what was never captured',
    in: cancelled,
    plant: (quiet) =>
      change(quiet, 'payments', { refunds: [{ refundId: 'r-1', amount: 500, state: 'done', time: '' }] }),
    says: /^CANCELLED: ₩500 went back of it or is about to, and ₩0 was captured$/,
    left: /a person finds out at the provider/,
  },
  {
    name: 'more goods that came back than were sold',
    in: refunded,
    plant: (quiet) => {
      const [one] = quiet.tables.reservations.get('o-1')?.returned ?? [];
      const more = { refundId: 'r-2', lines: [{ sku: 'A', quantity: 2, restock: false }], time: '' };
      change(quiet, 'reservations', { returned: [one, more] });
    },
    says: /^CONFIRMED: 3 of A came back, and 2 were sold$/,
    left: /a person finds out what came back/,
  },
  {
    name: 'a cancelled order of whose money only a part goes back',
    in: cancelled,
    plant: (quiet) =>
      change(quiet, 'payments', {
        state: 'refunded',
        refunds: [{ amount: 600, state: 'done', refunded: 600, time: '' }],
      }),
    says: /^CANCELLED: only ₩600 of ₩1,000 goes back, although it is cancelled$/,
    left: /a person finds out at the provider/,
  },
  {
    name: 'a due refund of a confirmed order that no list shows',
    in: refunded,
    plant: (quiet) => {
      const [one] = quiet.tables.payments.get('o-1')?.refunds ?? [];
      change(quiet, 'payments', { refunds: [{ ...one, state: 'due' }] });
    },
    says: /^CONFIRMED: its refund is due, and the list of due refunds does not have it$/,
    left: /refund-due\.md/,
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

  test('finds nothing in what came after a confirmation: shipped, cancelled, refunded with goods or without, refused', async () => {
    const events = (orderId: string, ...parts: object[]) =>
      parts.map((one, index) => refundRequested({ orderId, refundId: `r-${index}`, ...one }));
    const pair = [priced('A', 2)];
    const quiet = await quietShop(
      placed({ orderId: 'shipped', items }),
      placed({ orderId: 'cancelled', items }),
      placed({ orderId: 'in-part', items: pair }),
      placed({ orderId: 'whole', items: pair }),
      placed({ orderId: 'then-cancelled', items: pair }),
      placed({ orderId: 'refused', items: pair }),
      placed({ orderId: 'goods-refused', items: pair }),
      placed({ orderId: 'delivery', items, payment: { kind: 'on-delivery' } }),
      placed({ orderId: 'put-right', items }),
    );
    const later = [
      shipped({ orderId: 'shipped' }),
      cancelRequested({ orderId: 'cancelled' }),
      ...events('in-part', { amount: 500 }, { amount: 0, items: backItems }, { amount: 700, items: backItems }),
      ...events('whole', { amount: 2_000, items: [{ sku: 'A', quantity: 2, restock: false }] }),
      ...events('then-cancelled', { amount: 1_000, items: backItems }),
      // Stock counts the goods back, and payment refuses the money.
      ...events('refused', { amount: 2_500, items: backItems }),
      ...events('delivery', { amount: 400, items: backItems }),
      cancelRequested({ orderId: 'put-right' }),
    ];
    for (const event of later) quiet.shop.simulation.send(event);
    await quiet.shop.simulation.run([]);
    quiet.shop.simulation.send(cancelRequested({ orderId: 'then-cancelled' }));
    // Payment refunds a cancellation, and what was asked for afterwards is refused by both.
    for (const event of [...events('cancelled', { amount: 500, items: backItems }), shipped({ orderId: 'put-right' })])
      quiet.shop.simulation.send(event);
    await quiet.shop.simulation.run([]);
    quiet.shop.simulation.clock += HOUR;
    change(quiet, 'orders', { contradictionSettled: true }, 'put-right');

    const { orders, payments, reservations } = quiet.tables;
    expect(orders.get('put-right')?.contradiction).toBe('shipped-after-cancellation');
    expect(payments.get('whole')).toMatchObject({ state: 'captured', refunds: [{ amount: 2_000, state: 'done' }] });
    expect(payments.get('refused')?.refunds).toBeUndefined();
    expect(reservations.get('refused')?.returned).toHaveLength(1);
    expect(payments.get('delivery')?.refunds).toMatchObject([{ state: 'due' }]);
    expect(await audited(quiet)).toMatchObject({ disagreeing: [], settling: 0 });
  });

  test('does not name a refund that one of the two noted so lately that the other may be at work on it', async () => {
    const quiet = await refunded();
    const [one] = quiet.tables.payments.get('o-1')?.refunds ?? [];
    const time = quiet.shop.simulation.now().toISOString();
    change(quiet, 'payments', { refunds: [one, { refundId: 'r-2', amount: 100, state: 'done', goods: true, time }] });
    expect(await audited(quiet)).toMatchObject({ disagreeing: [], settling: 1 });
    quiet.shop.simulation.clock += HOUR;
    const { disagreeing } = await audited(quiet);
    expect(disagreeing).toHaveLength(1);
    // Since the last change of any of its records.
    expect(disagreeing[0]?.since).toBe(time);
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

  test('leaves alone what is left of an order whose records have ended, as a table that was put back has it again', async () => {
    const recordMs = 200 * 24 * HOUR * 1_000;
    for (const left of ['orders', 'payments', 'reservations', 'notifications', 'shipments'] as const) {
      const quiet = await confirmed();
      for (const table of ['orders', 'payments', 'reservations', 'notifications', 'shipments'] as const)
        if (table !== left) quiet.tables[table].clear();
      const auditedIn = async (days: number) => {
        quiet.shop.simulation.clock += days * 24 * HOUR;
        const { times, ...others } = options(quiet);
        return audit(memoryAuditTables(quiet.tables), { ...others, times: { ...times, recordMs } });
      };
      expect((await auditedIn(199)).disagreeing, left).toHaveLength(1);
      expect((await auditedIn(2)).disagreeing, left).toEqual([]);
    }
  });

  test('forgets a cancellation that is due to be forgotten', async () => {
    const quiet = await quietShop(cancelRequested({ orderId: 'o-1' }));
    quiet.tables.payments.delete('o-1');
    expect((await audited(quiet)).disagreeing).toHaveLength(1);
    quiet.shop.simulation.clock += (TOMBSTONE_DAYS + 1) * 24 * HOUR;
    expect((await audited(quiet)).disagreeing).toEqual([]);
  });
});
