import { setTimeout as pause } from 'node:timers/promises';
import { loadOrderRecords } from '../orders/lookup.ts';
import { publishOrders } from '../orders/publish.ts';
import { pollUntil } from '../poll.ts';
import { phase } from '../progress.ts';
import { deadLetters, messagesLeft } from '../queues.ts';
import { isDown, records, setDown } from '../sandbox/gateway.ts';
import type { Shop } from '../stack.ts';
import { setAvailable, shelves } from '../stock/shelves.ts';
import { type Audit, auditDrill } from './audit.ts';
import { type DrillOrder, type Phase, planDrill } from './plan.ts';

/** How a drill goes; times in seconds. */
export type DrillOptions = { run: string; orders: number; repeated: number; outage: number; patience: number };

// Enough to meet the consumers at different moments, and to see the texts of a phase.
const CANCELLED_SHARE = 0.05;
const BATCHES_PER_PHASE = 10;

/** Runs a load with an outage of the payment gateway in the middle and audits what became of every order. */
export async function drill(shop: Shop, options: DrillOptions, signal: AbortSignal): Promise<Audit> {
  const { run, orders: count, outage, patience } = options;
  if (await isDown(shop)) throw new Error('The payment gateway is down already: npm run ops -- sandbox payment up');
  const orders = planDrill(run, count, { repeated: options.repeated / 100, cancelled: CANCELLED_SHARE });
  const lettersBefore = await deadLetters(shop);
  await setAvailable(shop, run, count);
  const of = (wanted: Phase) => orders.filter(({ phase }) => phase === wanted);

  await phase(`published ${of('before').length} orders while all is well`, () =>
    publish(shop, of('before'), 0, signal),
  );
  await setDown(shop, true);
  try {
    await phase(`published ${of('during').length} orders during ${outage} s without a payment gateway`, () =>
      publish(shop, of('during'), outage, signal),
    );
  } finally {
    await setDown(shop, false);
  }
  await phase(`published ${of('after').length} orders with the gateway back`, () =>
    publish(shop, of('after'), 0, signal),
  );

  const ids = orders.map(({ order }) => order.orderId);
  const deadline = Date.now() + patience * 1_000;
  const decided = async () => {
    const known = [...(await loadOrderRecords(shop, ids)).values()];
    return known.filter(({ order }) => order?.status === 'CONFIRMED' || order?.status === 'CANCELLED').length;
  };
  await phase('all orders were decided', () =>
    pollUntil(decided, (done) => done === ids.length, { deadline, every: 1_000, signal }),
  );
  const waiting = await phase('queues came to rest', () =>
    pollUntil(
      () => messagesLeft(shop),
      (left) => left === 0,
      { deadline, every: 500, signal },
    ),
  );

  const own = new Set(ids);
  const shelf = (await shelves(shop)).find(({ sku }) => sku === run) ?? {
    sku: run,
    available: 0,
    reserved: 0,
    sold: 0,
  };
  return auditDrill({
    orders,
    known: await loadOrderRecords(shop, ids),
    money: (await records(shop)).filter(({ orderId }) => own.has(orderId)),
    shelf,
    stocked: count,
    waiting,
    deadLettered: (await deadLetters(shop)) - lettersBefore,
  });
}

/** Publishes orders in batches spread over so many seconds; the last batch goes out at the end of them. */
async function publish(shop: Shop, orders: readonly DrillOrder[], seconds: number, signal: AbortSignal): Promise<void> {
  const size = Math.max(1, Math.ceil(orders.length / BATCHES_PER_PHASE));
  for (let start = 0; start < orders.length; start += size) {
    signal.throwIfAborted();
    const bodies = orders.slice(start, start + size).flatMap((order) => order.bodies());
    const [refused] = await publishOrders(shop, bodies);
    if (refused !== undefined) throw new Error(`The topic refused an order: ${refused.code} ${refused.message}`);
    if (seconds > 0) await pause((seconds * 1_000) / BATCHES_PER_PHASE, undefined, { signal });
  }
}
