import { setTimeout as pause } from 'node:timers/promises';
import { publishOrders } from '../orders/publish.ts';
import { loadOrderRecords } from '../orders/records.ts';
import { pollUntil } from '../poll.ts';
import { runStep } from '../progress.ts';
import { countDeadLetters, countQueuedMessages } from '../queues.ts';
import { isGatewayDown, listGatewayRecords, setGatewayDown } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { listShelves, setAvailable } from '../stock/shelves.ts';
import { type Audit, auditDrill } from './audit.ts';
import { type DrillOrder, type Phase, planDrill } from './plan.ts';

/** How a drill goes; times in seconds. */
export type DrillOptions = { run: string; orders: number; repeated: number; outage: number; patience: number };

// Enough to meet the consumers at different moments, and to see the texts of a phase.
const CANCELLED_SHARE = 0.05;
const BATCHES_PER_PHASE = 10;

/** Runs a load with an outage of the payment gateway in the middle and audits what became of every order. */
export async function drill(shop: DeployedShop, options: DrillOptions, signal: AbortSignal): Promise<Audit> {
  const { run, orders: count, outage, patience } = options;
  if (await isGatewayDown(shop))
    throw new Error('The payment gateway is down already: npm run ops -- sandbox payment up');
  const orders = planDrill(run, count, { repeated: options.repeated / 100, cancelled: CANCELLED_SHARE });
  const lettersBefore = await countDeadLetters(shop);
  await setAvailable(shop, run, count);
  const of = (wanted: Phase) => orders.filter(({ phase }) => phase === wanted);

  await runStep(`published ${of('before').length} orders while all is well`, () =>
    publish(shop, of('before'), 0, signal),
  );
  await setGatewayDown(shop, true);
  try {
    await runStep(`published ${of('during').length} orders during ${outage} s without a payment gateway`, () =>
      publish(shop, of('during'), outage, signal),
    );
  } finally {
    await setGatewayDown(shop, false);
  }
  await runStep(`published ${of('after').length} orders with the gateway back`, () =>
    publish(shop, of('after'), 0, signal),
  );

  const ids = orders.map(({ order }) => order.orderId);
  const deadline = Date.now() + patience * 1_000;
  const decided = async () => {
    const known = [...(await loadOrderRecords(shop, ids)).values()];
    return known.filter(({ order }) => order?.status === 'CONFIRMED' || order?.status === 'CANCELLED').length;
  };
  await runStep('all orders were decided', () =>
    pollUntil(decided, (done) => done === ids.length, { deadline, intervalMs: 1_000, signal }),
  );
  const waiting = await runStep('queues came to rest', () =>
    pollUntil(
      () => countQueuedMessages(shop),
      (left) => left === 0,
      { deadline, intervalMs: 500, signal },
    ),
  );

  const own = new Set(ids);
  const shelf = (await listShelves(shop)).find(({ sku }) => sku === run) ?? {
    sku: run,
    available: 0,
    reserved: 0,
    sold: 0,
  };
  return auditDrill({
    orders,
    known: await loadOrderRecords(shop, ids),
    money: (await listGatewayRecords(shop)).filter(({ orderId }) => own.has(orderId)),
    shelf,
    stocked: count,
    waiting,
    deadLettered: (await countDeadLetters(shop)) - lettersBefore,
  });
}

/** Publishes orders in batches spread over so many seconds; the last batch goes out at the end of them. */
async function publish(
  shop: DeployedShop,
  orders: readonly DrillOrder[],
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const size = Math.max(1, Math.ceil(orders.length / BATCHES_PER_PHASE));
  for (let start = 0; start < orders.length; start += size) {
    signal.throwIfAborted();
    const bodies = orders.slice(start, start + size).flatMap((order) => order.bodies());
    const [refused] = await publishOrders(shop, bodies);
    if (refused !== undefined) throw new Error(`The topic refused an order: ${refused.code} ${refused.message}`);
    if (seconds > 0) await pause((seconds * 1_000) / BATCHES_PER_PHASE, undefined, { signal });
  }
}
