import { setTimeout as pause } from 'node:timers/promises';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { plural } from '../format.ts';
import { type LoadProgress, OrderMonitor, sampleEverySecond } from '../load/monitor.ts';
import { FollowUps } from '../orders/follow-up.ts';
import { publishOrders } from '../orders/publish.ts';
import { loadOrderRecords } from '../orders/records.ts';
import { pollUntil } from '../poll.ts';
import { countDeadLetters, countQueuedMessages } from '../queues.ts';
import { isGatewayDown, listGatewayRecords, setGatewayDown } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { readWaitingOrders } from '../status/waiting.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { listShelves, setAvailable } from '../stock/shelves.ts';
import { type DrillOrder, type OutagePeriod, planDrill } from './plan.ts';
import { type DrillObservations, type DrillResult, drillResult } from './result.ts';
import { readRetriedOrders } from './retried.ts';

/** `run` prefixes the order ids and names the SKU; `repeatedShare` (0 to 1) of the orders are published twice. */
export type DrillOptions = {
  run: string;
  orders: number;
  repeatedShare: number;
  outageSeconds: number;
  timeoutSeconds: number;
};

// Enough to reach the consumers in different states, and to see the texts of each period.
const SHARES = { cancelled: 0.05, afterConfirmation: 0.05 };
const BATCHES_PER_PERIOD = 10;

/** `onSample` gets, every second, how far the orders are; without it nothing is read for that. */
export type DrillListeners = {
  signal: AbortSignal;
  onProgress: OnProgress;
  onSample?: (progress: LoadProgress) => void;
};

/**
 * Publishes orders before, during and after an outage of the sandbox payment gateway, and checks every one of them once the
 * queues are empty or the timeout has passed. What follows confirmations is published in the outage, where they are older than it, and in the
 * end. Throws where the gateway is down already; brings it back in any case.
 */
export async function runDrill(
  shop: DeployedShop,
  options: DrillOptions,
  { signal, onProgress, onSample }: DrillListeners,
): Promise<DrillResult> {
  const monitor = new OrderMonitor(shop, Date.now());
  const over = new AbortController();
  const samplingFailed = new AbortController();
  const sampling = onSample && sampleEverySecond(over.signal, async () => onSample((await monitor.sample()).progress));
  sampling?.catch(() => samplingFailed.abort());
  try {
    return await drill(shop, options, {
      signal: AbortSignal.any([signal, samplingFailed.signal]),
      onProgress,
      onPublished: (orderIds, time) => monitor.add(orderIds, time),
    });
  } finally {
    over.abort();
    await sampling;
  }
}

type StepListeners = Omit<DrillListeners, 'onSample'> & {
  onPublished: (orderIds: readonly string[], time: number) => void;
};

async function drill(
  shop: DeployedShop,
  options: DrillOptions,
  { signal, onProgress, onPublished }: StepListeners,
): Promise<DrillResult> {
  const { run, orders: count, outageSeconds, timeoutSeconds } = options;
  if (await isGatewayDown(shop))
    throw new Error('The payment gateway is down already: npm run ops -- sandbox payment up');
  const orders = planDrill(run, count, { ...SHARES, repeated: options.repeatedShare });
  const deadLettersBefore = await countDeadLetters(shop);
  await setAvailable(shop, run, count);
  const followUps = new FollowUps(shop);

  const publishPeriod = (period: OutagePeriod, conditions: string, seconds: number) => {
    const due = orders.filter((order) => order.period === period);
    const title = `published ${plural(due.length, 'order')} ${conditions}`;
    return reportStep(title, onProgress, () => publish(shop, due, { seconds, signal, onPublished }));
  };
  await publishPeriod('before', 'while all is well', 0);
  try {
    // Within: where its answer is lost, the gateway is down all the same.
    await setGatewayDown(shop, true);
    await publishPeriod('during', `during ${outageSeconds} s without a payment gateway`, outageSeconds);
    await countDecided(shop, orders, followUps);
  } finally {
    await setGatewayDown(shop, false);
  }
  await publishPeriod('after', 'with the gateway back', 0);

  const ids = orders.map(({ order }) => order.orderId);
  const deadline = Date.now() + timeoutSeconds * 1_000;
  await reportStep('all orders were decided', onProgress, () =>
    pollUntil(
      () => countDecided(shop, orders, followUps),
      (decided) => decided === ids.length,
      { deadline, intervalMs: 1_000, signal },
    ),
  );
  await reportStep('confirmed orders were cancelled and refunded', onProgress, () =>
    pollUntil(
      () => followUps.check(),
      (left) => left === 0,
      { deadline, intervalMs: 1_000, signal },
    ),
  );
  const waiting = await reportStep('queues came to rest', onProgress, () =>
    pollUntil(
      () => countQueuedMessages(shop),
      (left) => left === 0,
      { deadline, intervalMs: 500, signal },
    ),
  );
  const deadLettered = (await countDeadLetters(shop)) - deadLettersBefore;
  // Other orders' messages wait in the same queues, as that of an order whose card the gateway has an error for.
  const waitingOrders = waiting === 0 ? [] : await readOrdersThatWait(shop);
  return drillResult({
    orders,
    stocked: count,
    waiting,
    waitingOrders,
    deadLettered,
    ...(await readRecords(shop, run, ids)),
  });
}

/** Reads which orders are undecided, and which have a message that is to be tried again, as that of one that was cancelled meanwhile. */
async function readOrdersThatWait(shop: DeployedShop): Promise<string[]> {
  const [undecided, retried] = await Promise.all([readWaitingOrders(shop), readRetriedOrders(shop)]);
  return [...undecided.map(({ orderId }) => orderId), ...retried];
}

/** Counts the decided orders, and publishes what follows the confirmation of those that are confirmed. */
async function countDecided(shop: DeployedShop, orders: readonly DrillOrder[], followUps: FollowUps): Promise<number> {
  const ids = orders.map(({ order }) => order.orderId);
  const found = await loadOrderRecords(shop, ids);
  const statusOf = ({ order }: DrillOrder) => found.get(order.orderId)?.order?.status;
  await followUps.publish(
    orders.flatMap((one) =>
      one.followUp !== undefined && statusOf(one) === 'CONFIRMED' ? [{ order: one.order, followUp: one.followUp }] : [],
    ),
  );
  return orders.filter((one) => statusOf(one) === 'CONFIRMED' || statusOf(one) === 'CANCELLED').length;
}

async function readRecords(
  shop: DeployedShop,
  sku: string,
  orderIds: readonly string[],
): Promise<Pick<DrillObservations, 'records' | 'money' | 'shelf'>> {
  const own = new Set(orderIds);
  const shelf = (await listShelves(shop)).find((one) => one.sku === sku) ?? { sku, available: 0, reserved: 0, sold: 0 };
  return {
    shelf,
    records: await loadOrderRecords(shop, orderIds),
    money: (await listGatewayRecords(shop)).filter(({ orderId }) => own.has(orderId)),
  };
}

/** Publishes orders in ten batches spread over so many seconds, with a pause after each. */
async function publish(
  shop: DeployedShop,
  orders: readonly DrillOrder[],
  { seconds, signal, onPublished }: { seconds: number } & Pick<StepListeners, 'signal' | 'onPublished'>,
): Promise<void> {
  const batchSize = Math.max(1, Math.ceil(orders.length / BATCHES_PER_PERIOD));
  for (const batch of chunk(orders, batchSize)) {
    signal.throwIfAborted();
    const time = Date.now();
    const [rejected] = await publishOrders(
      shop,
      batch.flatMap((order) => order.bodies()),
    );
    if (rejected !== undefined) throw new Error(`The topic refused an order: ${rejected.code} ${rejected.message}`);
    onPublished(
      batch.map(({ order }) => order.orderId),
      time,
    );
    if (seconds > 0) await pause((seconds * 1_000) / BATCHES_PER_PERIOD, undefined, { signal });
  }
}
