import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { isDecided } from '../../lambdas/order/record.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { cancelRequested, orderOf, placed, queueUrl, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { BusMessages } from './bus-messages.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { LIFE, live } from './order-life.ts';
import { type RecordTable, readTables, restoreOrder } from './record-tables.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

/** To whom everything about an order is replayed, after which its own record is gone or is still there. */
const TARGETS: readonly { to: ConsumerName; lost?: RecordTable }[] = [
  { to: 'outcomes' },
  { to: 'outcomes', lost: 'orders' },
  { to: 'payment' },
  { to: 'stock' },
  { to: 'notification' },
];

/** A replay to a consumer when so many steps of the order's life are done. */
type Replay = { to: ConsumerName; lost?: RecordTable; at: number; order: TestOrder };

/** Sends bodies to a consumer's queue as `ops replay` without effects does. */
async function replay(to: ConsumerName, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const MessageBody = wrapReplayed({ name: 'replay-1', withEffects: false, body });
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(to), MessageBody }));
  }
}

/** Returns what the archive holds of an order, oldest first; what its publisher sends has the order's id for its own. */
function archived({ order, at }: Replay, bus: BusMessages, isCancelled: boolean): string[] {
  const { orderId } = order;
  const isRequested = isCancelled && at > LIFE.indexOf('the customer');
  return [
    JSON.stringify(placed(order, orderId)),
    ...(isRequested ? [JSON.stringify({ ...cancelRequested(orderId), id: orderId })] : []),
    ...bus.bodiesOf(orderId),
  ];
}

test.each(['confirmed', 'cancelled'] as const)(
  'a replay without effects at any point of the life of an order that is %s decides nothing that is not published, and changes no end',
  async (end) => {
    const all = TARGETS.flatMap((target) =>
      LIFE.map((_, step): Replay => ({ ...target, at: step + 1, order: testOrder() })),
    );
    const bus = new BusMessages(shop());
    const nothing = await readTables('orders');
    const orders = all.map(({ order }) => order);
    await live(shop(), sweep, orders, end, async (moment) => {
      const now = all.filter(({ at }) => at === moment);
      for (const one of now) {
        if (one.lost === 'orders') await restoreOrder(nothing, one.order);
        await replay(one.to, archived(one, bus, end === 'cancelled'));
      }
      const targets = new Set(now.map(({ to }) => to));
      // What is not replayed must not decide it.
      for (const target of targets) if (target !== 'outcomes') await shop().pump([target]);
      if (targets.has('outcomes')) await shop().pump(['outcomes']);
      for (const { order, to } of now) {
        const record = await orderOf(order.orderId);
        const published = bus.typesOf(order.orderId).map((type) => type.split('.')[2]?.toUpperCase());
        if (record !== undefined && isDecided(record)) expect(published, `${to} ${moment}`).toContain(record.status);
      }
    });
    await shop().settle();
    for (const minutes of [10, 15, 49 * 60, 10]) await sweep.runAfter(minutes);

    const state = await checkInvariants(shop());
    for (const { order, to, lost, at } of all) {
      const { status = '', reason } = state.orders.get(order.orderId) ?? {};
      expect(status.toLowerCase(), `${to} ${lost} ${at} ${reason}`).toBe(end);
    }
    bus.end();
  },
  120_000,
);
