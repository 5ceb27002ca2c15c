import '../provided.ts';
import { expect, onTestFinished, test } from 'vitest';
import { runLoad } from '../../../ops/load/run.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import { type ConsumerStatus, problemsOf, type ShopStatus } from '../../../ops/status/health.ts';
import {
  decided,
  eventually,
  placed,
  publishAll,
  setReceiving,
  setStock,
  shelfOf,
  shop,
  testOrder,
} from '../deployed-shop.ts';

const collect = statusCollector(shop);
const payment = (seen: ShopStatus | undefined): Partial<ConsumerStatus> =>
  seen?.consumers.find(({ name }) => name === 'payment') ?? {};

test('the status reports a stopped consumer with its waiting messages and their age until it has caught up', async () => {
  onTestFinished(() => setReceiving('payment', true));
  await setReceiving('payment', false);
  const first = testOrder();
  const orders = [first, testOrder({ sku: first.sku }), testOrder({ sku: first.sku })];
  await setStock(first.sku, 3);
  await publishAll(orders.map((order) => placed(order)));

  let last: ShopStatus | undefined;
  const refresh = async () => {
    last = await collect();
    return last;
  };
  const instead = () => `: ${JSON.stringify({ ...payment(last), orders: last?.orders })}`;
  // A poll in progress may still have received one message.
  const waits = async () => {
    const seen = await refresh();
    const { waiting = 0, oldestSeconds } = payment(seen);
    return waiting >= 1 && (oldestSeconds ?? 0) >= 1 && seen.orders.PLACED >= 1 ? seen : undefined;
  };
  const seen = await eventually('messages wait, for a while, of orders that are undecided', waits, 120, instead);
  expect(problemsOf(seen)).toContainEqual(expect.objectContaining({ consumer: 'payment', state: 'switched off' }));
  const confirmed = seen.orders.CONFIRMED;

  await setReceiving('payment', true);
  for (const { orderId } of orders) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
  const empty = async () => {
    const { waiting, inFlight, oldestSeconds, throughput } = payment(await refresh());
    return waiting === 0 && inFlight === 0 && oldestSeconds === 0 && Number(throughput) > 0;
  };
  await eventually('payment is empty, and what it did is counted', empty, 120, instead);
  expect((await refresh()).orders.CONFIRMED).toBeGreaterThan(confirmed);
});

test('a load run ends with every order decided and measured, and each cancellation and refund in the book', async () => {
  const sku = testOrder().sku;
  await setStock(sku, 20);
  const schedule = { rate: 40, count: 20, burst: 5, timeoutSeconds: 240 };
  const mix = { run: sku, sku, declined: 0.1, duplicates: 0.1, cancelled: 0.1, refunded: 0.1 };
  const result = await runLoad(shop, { ...schedule, ...mix }, { signal: new AbortController().signal });

  expect(result).toMatchObject({ published: 20, decided: 20, confirmed: 18, cancelled: 2, errors: 0 });
  const both = { asked: 2, done: 2 };
  expect(result).toMatchObject({ cancellationsAfterConfirmation: both, partialRefunds: both, bookProblems: [] });
  expect(result.latency.p50).toBeGreaterThan(0);
  expect(result.latency.p99).toBeGreaterThanOrEqual(result.latency.p50 ?? 0);
  await eventually('what was declined, cancelled or returned is back on the shelf', async () => {
    const shelf = await shelfOf(sku);
    return shelf?.available === 6 && shelf.reserved === 0 && shelf.sold === 16;
  });
});
