import { ulid } from 'ulid';
import type { Shelf } from '../../lambdas/stock/rules.ts';
import { orderCancelRequestedEvent } from '../orders/cancel.ts';
import { orderPlacedEvent } from '../orders/generate.ts';
import { publishOrders } from '../orders/publish.ts';
import { loadOrderRecords } from '../orders/records.ts';
import { type PollOptions, pollUntil } from '../poll.ts';
import { printNotice, runStep } from '../progress.ts';
import { countQueuedMessages } from '../queues.ts';
import { isGatewayDown, listGatewayRecords } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { listShelves, setAvailable } from '../stock/shelves.ts';
import { othersOrdered } from './others.ts';
import { type DemoOutcome, outcomeOf } from './outcome.ts';
import { piecesSold, type Scenario, SHELVES, scenarios } from './scenarios.ts';
import { stockProblems, sumProblems } from './stock-sums.ts';

/** What the demonstration saw. */
export type DemoResult = { outcomes: DemoOutcome[]; shelves: Shelf[]; stockProblems: string[] };

// Long enough for cold functions on AWS and on a busy machine; usually it takes a second or two.
const DECIDED_WITHIN_MS = 90_000;
const QUIET_WITHIN_MS = 15_000;
const STOCKED_WITHIN_MS = 5_000;
/** With fewer pieces than this left, a shelf is filled up. */
const LOW = 20;

/** Sends one order through every outcome and gives what became of each once everything has come to rest. */
export async function runDemo(shop: DeployedShop, phone: string | undefined, signal: AbortSignal): Promise<DemoResult> {
  if (await isGatewayDown(shop)) {
    throw new Error(
      'The sandbox payment gateway is down, so nothing would be decided: npm run ops -- sandbox payment up',
    );
  }
  const all = scenarios(ulid().slice(-6).toLowerCase(), phone);
  const within = (milliseconds: number) => ({ deadline: Date.now() + milliseconds, signal });
  const before = await runStep('stocked the shelves', () => stockShelves(shop, within(STOCKED_WITHIN_MS)));
  const since = new Date();
  await runStep(`published ${all.length} orders`, () => publishAll(shop, all, within(DECIDED_WITHIN_MS)));

  const good = (outcomes: readonly DemoOutcome[]) => outcomes.every(({ problems }) => problems.length === 0);
  await runStep('orders went through payment, stock and texts', () =>
    pollUntil(() => outcomesOf(shop, all), good, within(DECIDED_WITHIN_MS)),
  );
  // Only when the copies were worked on too is it certain that they changed nothing.
  const empty = (left: number) => left === 0;
  await runStep('queues came to rest', () =>
    pollUntil(() => countQueuedMessages(shop), empty, within(QUIET_WITHIN_MS)),
  );
  return { outcomes: await outcomesOf(shop, all), ...(await stockOf(shop, all, before, since, signal)) };
}

/** Compares the shelves with what was sold; what others bought meanwhile is no fault, but hides who bought what. */
async function stockOf(
  shop: DeployedShop,
  all: readonly Scenario[],
  before: readonly Shelf[],
  since: Date,
  signal: AbortSignal,
) {
  const sold = piecesSold(all);
  const right = (after: readonly Shelf[]) => stockProblems(before, after, sold).length === 0;
  const patience = { deadline: Date.now() + STOCKED_WITHIN_MS, signal };
  const after = await pollUntil(() => ownShelves(shop), right, patience);
  const own = new Set(all.map(({ order }) => order.orderId));
  if (right(after) || !(await othersOrdered(shop, { skus: Object.keys(SHELVES), own, since }))) {
    return { shelves: after, stockProblems: stockProblems(before, after, sold) };
  }
  printNotice('Others ordered the same goods meanwhile, so only the sums of the shelves could be checked.');
  return { shelves: after, stockProblems: sumProblems(before, after) };
}

/** Fills up what ran low and gives the demonstration's shelves, once nothing of an earlier run is on its way any more. */
async function stockShelves(shop: DeployedShop, patience: PollOptions): Promise<Shelf[]> {
  for (const [sku, quantity] of Object.entries(SHELVES)) {
    await setAvailable(shop, sku, quantity, quantity === 0 ? undefined : LOW);
  }
  const resting = (found: readonly Shelf[]) => found.every(({ reserved }) => reserved === 0);
  return await pollUntil(() => ownShelves(shop), resting, patience);
}

const ownShelves = async (shop: DeployedShop) => (await listShelves(shop)).filter(({ sku }) => sku in SHELVES);

async function publishAll(shop: DeployedShop, all: readonly Scenario[], patience: PollOptions): Promise<void> {
  const later = all.filter(({ publish }) => publish === 'cancelled-first');
  const sooner = all.filter(({ publish }) => publish !== 'cancelled-first');
  const wishes = later.map(({ order }) => JSON.stringify(orderCancelRequestedEvent(order.orderId, 'changed my mind')));
  await send(shop, [...wishes, ...sooner.flatMap(bodies)]);
  // The cancellation shall overtake its order every time, so the order waits until it is on record.
  const ids = later.map(({ order }) => order.orderId);
  await pollUntil(
    () => loadOrderRecords(shop, ids),
    (known) => ids.every((id) => known.get(id)?.order?.cancelRequested === true),
    patience,
  );
  await send(shop, later.flatMap(bodies));
}

/** The messages of a scenario; one published repeatedly goes out as two copies of an event and as an event of its own. */
function bodies({ order, publish }: Scenario): string[] {
  const body = JSON.stringify(orderPlacedEvent(order));
  return publish === 'repeatedly' ? [body, body, JSON.stringify(orderPlacedEvent(order))] : [body];
}

async function send(shop: DeployedShop, messages: readonly string[]): Promise<void> {
  const [refused] = await publishOrders(shop, messages);
  if (refused !== undefined) throw new Error(`The topic refused an order: ${refused.code} ${refused.message}`);
}

async function outcomesOf(shop: DeployedShop, all: readonly Scenario[]): Promise<DemoOutcome[]> {
  const ids = all.map(({ order }) => order.orderId);
  const [known, money] = await Promise.all([
    loadOrderRecords(shop, ids),
    Promise.all(ids.map((id) => listGatewayRecords(shop, id))),
  ]);
  return all.map((scenario, index) => outcomeOf(scenario, known.get(scenario.order.orderId) ?? {}, money[index] ?? []));
}
