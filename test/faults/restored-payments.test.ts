import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { placed } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { sqsEvent } from '../harness/sqs-event.ts';
import { BusMessages } from './bus-messages.ts';
import { checkEveryPayment, placeEveryPayment } from './every-payment.ts';
import { useHarness } from './harness.ts';
import { readTables, restoreOrder } from './record-tables.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

/** Hands payment replayed messages, one after the other, as `ops replay` sends them. */
async function replay(bodies: readonly string[], withEffects: boolean): Promise<void> {
  const { clock, instances } = shop();
  for (const body of bodies) {
    const Body = wrapReplayed({ name: 'replay-1', withEffects, body });
    const message = { MessageId: ulid(), Body, Attributes: { SentTimestamp: String(clock.now()) } };
    const outcome = await instances.get('payment')?.[0]?.invoke(sqsEvent([message]), clock.skippedMs);
    expect(outcome, body).toMatchObject({ result: { batchItemFailures: [] } });
  }
}

async function paymentStates(orders: readonly TestOrder[]): Promise<unknown[]> {
  const [payments] = await readTables('payments');
  return orders.map(({ orderId }) => payments?.items.get(orderId)?.state);
}

// docs/restore.md: the sweep has seen these orders long ago, and finds none of whose payment there is no record.
test.each([
  ['as they came', (bodies: string[]) => bodies],
  ['the last first', (bodies: string[]) => bodies.toReversed()],
])(
  'payments that were put back to before their orders are as they were after a replay of the decisions, %s, and nobody is charged again',
  async (_, inSequence) => {
    const bus = new BusMessages(shop());
    const nothing = await readTables('payments');
    const all = await placeEveryPayment(shop().ledger);
    const orders = Object.values(all);
    await shop().settle();
    for (const minutes of [10, 15, 60]) await sweep.runAfter(minutes);
    const before = await paymentStates(orders);
    const state = await checkEveryPayment(shop(), all);
    for (const order of orders) await restoreOrder(nothing, order);
    expect(await paymentStates(orders)).toEqual(orders.map(() => undefined));

    const onBus = orders.flatMap(({ orderId }) => bus.bodiesOf(orderId));
    const decisions = onBus.filter((body) =>
      [orderConfirmed.type, orderCancelled.type].includes(JSON.parse(body).type),
    );
    const placements = orders.map((order) => JSON.stringify(placed(order, order.orderId)));
    await replay(inSequence([...placements, ...decisions]), false);
    await replay(inSequence(decisions), true);
    await shop().settle();
    bus.end();

    expect(await paymentStates(orders)).toEqual(before);
    expect((await checkEveryPayment(shop(), all)).charges).toEqual(state.charges);
  },
);
