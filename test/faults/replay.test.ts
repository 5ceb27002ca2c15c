import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { consumes as notificationConsumes } from '../../lambdas/notification/consumes.ts';
import { consumes as orderConsumes } from '../../lambdas/order/consumes.ts';
import { isDecided } from '../../lambdas/order/record.ts';
import { consumes as outcomesConsumes } from '../../lambdas/outcomes/consumes.ts';
import { consumes as paymentConsumes } from '../../lambdas/payment/consumes.ts';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { consumes as stockConsumes } from '../../lambdas/stock/consumes.ts';
import { cancelRequested, orderOf, placed, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { sqsEvent } from '../harness/sqs-event.ts';
import { BusMessages } from './bus-messages.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { LIFE, live } from './order-life.ts';
import { readTables, restoreOrder } from './record-tables.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

/** What is replayed to whom; the queue of `outcomes` takes what both consumers of orders handle. */
const CONSUMED = {
  outcomes: [...orderConsumes, ...outcomesConsumes],
  payment: paymentConsumes,
  stock: stockConsumes,
  notification: notificationConsumes,
};

type Target = keyof typeof CONSUMED;

/** To whom everything about an order is replayed, and whether the order's record is gone before. */
const TARGETS: readonly { to: Target; isLost?: true }[] = [
  { to: 'outcomes' },
  { to: 'outcomes', isLost: true },
  { to: 'payment' },
  { to: 'stock' },
  { to: 'notification' },
];

/** A replay to a consumer when so many steps of the order's life are done. */
type Replay = { to: Target; isLost?: true; at: number; order: TestOrder };

/** Hands to a consumer what it handles of these bodies, as `ops replay` without effects sends them, before whatever waits in its queue. */
async function replay(to: Target, bodies: readonly string[]): Promise<void> {
  const { clock, instances } = shop();
  const types = new Set<string>(CONSUMED[to].map(({ type }) => type));
  const messages = bodies
    .filter((body) => types.has(JSON.parse(body).type))
    .map((body) => ({
      MessageId: ulid(),
      Body: wrapReplayed({ name: 'replay-1', withEffects: false, body }),
      Attributes: { SentTimestamp: String(clock.now()) },
    }));
  for (const group of chunk(messages, 10)) {
    const outcome = await instances.get(to)?.[0]?.invoke(sqsEvent(group), clock.skippedMs);
    expect(outcome).toMatchObject({ result: { batchItemFailures: [] } });
  }
}

/** Returns what the archive holds of an order, oldest first; what its publisher sends has the order's id for its own. */
function archived({ order, at }: Replay, bus: BusMessages, isCancelled: boolean): string[] {
  const { orderId } = order;
  const isRequested = isCancelled && at > LIFE.indexOf('the requests');
  return [
    JSON.stringify(placed(order, orderId)),
    ...(isRequested ? [JSON.stringify({ ...cancelRequested(orderId), id: orderId })] : []),
    ...bus.bodiesOf(orderId),
  ];
}

/** Fails if an order is decided and the decision is not on the bus. */
async function checkPublished({ orderId }: TestOrder, bus: BusMessages): Promise<void> {
  const record = await orderOf(orderId);
  if (record === undefined || !isDecided(record)) return;
  expect(bus.typesOf(orderId), orderId).toContain(`shop.order.${record.status?.toLowerCase()}.v1`);
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
    const requests = () => (end === 'cancelled' ? orders.map(({ orderId }) => cancelRequested(orderId)) : []);
    const onMoment = async (moment: number) => {
      const now = all.filter(({ at }) => at === moment);
      for (const one of now) {
        if (one.isLost) await restoreOrder(nothing, one.order);
        await replay(one.to, archived(one, bus, end === 'cancelled'));
      }
      for (const { order } of now) await checkPublished(order, bus);
    };
    await live(shop(), sweep, orders, onMoment, { requests });
    await shop().settle();
    for (const minutes of [10, 15, 49 * 60, 10]) await sweep.runAfter(minutes);

    bus.end();
    const decidedAnew = new Set(all.flatMap(({ isLost, order }) => (isLost ? [order.orderId] : [])));
    const state = await checkInvariants(shop(), { decidedAnew });
    const ends = all.map(({ order: { orderId }, ...one }) => ({ ...one, ...state.orders.get(orderId) }));
    expect(ends.filter(({ status }) => status?.toLowerCase() !== end)).toEqual([]);
  },
  120_000,
);
