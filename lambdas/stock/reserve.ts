import { setTimeout as wait } from 'node:timers/promises';
import { goodsOf, orderCancelled, orderDispatched, orderRefundRequested } from '../../contracts/order.ts';
import type { CustomerHash } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError } from '../runtime/failure.ts';
import type { Publication, PublicationSource } from '../runtime/outbox.ts';
import { MAX_ACTIONS_PER_TRANSACTION } from '../runtime/records.ts';
import type { PlannedDelivery, StockPlan, StockSnapshot } from './plan.ts';
import { planStock, readsReservation, type StockInput } from './rules.ts';
import type { BlockedItems, CommitRefusal, StockTable } from './table.ts';

// Each refusal completes the snapshot. More refusals than this mean heavy contention on one SKU.
const MAX_ATTEMPTS = 6;
// Another transaction lasts milliseconds. Orders that still meet one at the third attempt wait in the queue instead.
const MAX_CONFLICTS = 3;
const MAX_PAUSE_MS = 50;

/**
 * Builds the handler that reserves, sells and releases stock, and takes goods in or back. It commits a whole wave of orders in one transaction if that fits,
 * and plans again after each refusal. Orders whose items are throttled, or stay in other transactions, wait in the queue while the rest of
 * the wave goes on; where nothing says which items those are, the wave falls back to one transaction per order.
 */
export function stockHandler(
  table: StockTable,
  now: () => Date = () => new Date(),
  customerHash?: CustomerHash,
): PublicationSource<StockInput> {
  const plan: Planner = (deliveries, snapshot) => planStock(deliveries, snapshot, now(), customerHash);
  return async (deliveries) => {
    const toRead = deliveries.flatMap(({ event }) => (readsReservation(event) ? [event.data.orderId] : []));
    const reservations = await table.load(toRead);
    const results = new Map<Delivery<StockInput>, Publication>();
    for (const transaction of splitIntoTransactions(deliveries, reservations)) {
      const outcomes = await commitOrFail(table, transaction, { reservations, available: new Map() }, plan);
      transaction.forEach((delivery, index) => {
        results.set(delivery, outcomes[index] ?? noResult());
      });
    }
    return deliveries.map((delivery) => results.get(delivery) ?? noResult());
  };
}

type Planner = (deliveries: readonly Delivery<StockInput>[], snapshot: StockSnapshot) => StockPlan;

async function commitTogether(
  table: StockTable,
  deliveries: readonly Delivery<StockInput>[],
  known: StockSnapshot,
  planFor: Planner,
): Promise<Publication[]> {
  const snapshot = { reservations: new Map(known.reservations), available: new Map(known.available) };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const plan = planFor(deliveries, snapshot);
    // A refusal may have added a stored reservation's SKUs to the plan.
    if (deliveries.length > 1 && countActions(plan) > MAX_ACTIONS_PER_TRANSACTION) break;
    const hasWrites = plan.planned.some((entry) => 'write' in entry);
    const refusal = hasWrites ? await table.commit(plan) : undefined;
    if (refusal === undefined) {
      return plan.planned.map((entry) => ('failure' in entry ? entry : { publish: entry.publish }));
    }
    if (refusal.blocked.all !== undefined)
      return commitAlone(table, deliveries, snapshot, planFor, refusal.blocked.all);
    updateSnapshot(snapshot, refusal);
    const blocks = plan.planned.map((entry) => blockOf(entry, refusal.blocked));
    const failures = blocks.map((block) => (isConflict(block) && attempt < MAX_CONFLICTS ? undefined : block));
    if (failures.some((failure) => failure !== undefined))
      return commitRest(table, deliveries, failures, snapshot, planFor);
    if (blocks.some(isConflict)) await wait(Math.random() * MAX_PAUSE_MS * attempt);
  }
  return commitAlone(table, deliveries, snapshot, planFor, new BusyError('Other writers keep changing the same stock'));
}

/** Commits the deliveries without a failure. */
async function commitRest(
  table: StockTable,
  deliveries: readonly Delivery<StockInput>[],
  failures: readonly (Error | undefined)[],
  known: StockSnapshot,
  planFor: Planner,
): Promise<Publication[]> {
  const rest = deliveries.filter((_, index) => failures[index] === undefined);
  const results = (await commitOrFail(table, rest, known, planFor)).values();
  return failures.map((failure) => (failure === undefined ? (results.next().value ?? noResult()) : { failure }));
}

/** Commits each delivery in a transaction of its own; one that was alone has failed for the given reason. */
async function commitAlone(
  table: StockTable,
  deliveries: readonly Delivery<StockInput>[],
  { reservations }: StockSnapshot,
  planFor: Planner,
  failure: Error,
): Promise<Publication[]> {
  if (deliveries.length === 1) return [{ failure }];
  const results: Publication[] = [];
  for (const delivery of deliveries) {
    // What is available changes with each transaction.
    const known = { reservations, available: new Map() };
    results.push(...(await commitOrFail(table, [delivery], known, planFor)));
  }
  return results;
}

/** Commits deliveries. Where the table does not answer, they have failed; those that were committed before them have not. */
const commitOrFail: typeof commitTogether = (table, deliveries, known, planFor) =>
  commitTogether(table, deliveries, known, planFor).catch((failure: unknown) => deliveries.map(() => ({ failure })));

const isConflict = (block: Error | undefined): boolean => block instanceof BusyError;

const noResult = (): Publication => ({ failure: new Error('There was no result') });

/** Returns why a planned delivery cannot be written, if one of its items is blocked. */
function blockOf(entry: PlannedDelivery, { reservations, shelves }: BlockedItems): Error | undefined {
  if (!('write' in entry) || entry.write === undefined) return undefined;
  const { write, move } = entry;
  const blocks = [reservations.get(write.after.orderId), ...(move?.lines ?? []).map(({ sku }) => shelves.get(sku))];
  return blocks.find((block) => block !== undefined);
}

function updateSnapshot(snapshot: StockSnapshot, { reservations, available }: CommitRefusal): void {
  for (const [orderId, reservation] of reservations) snapshot.reservations.set(orderId, reservation);
  for (const [sku, pieces] of available) snapshot.available.set(sku, pieces);
}

const countActions = ({ planned, shelfDeltas }: StockPlan) =>
  planned.filter((entry) => 'write' in entry).length + shelfDeltas.size;

/** Groups deliveries, in sequence, so that the orders and distinct SKUs of each group fit into one transaction. */
function splitIntoTransactions(
  deliveries: readonly Delivery<StockInput>[],
  reservations: StockSnapshot['reservations'],
): Delivery<StockInput>[][] {
  const groups: Delivery<StockInput>[][] = [];
  let skus = new Set<string>();
  for (const delivery of deliveries) {
    const orderSkus = skusOf(delivery.event, reservations);
    const group = groups.at(-1);
    const groupSkus = new Set([...skus, ...orderSkus]);
    if (group !== undefined && group.length + 1 + groupSkus.size <= MAX_ACTIONS_PER_TRANSACTION) {
      group.push(delivery);
      skus = groupSkus;
    } else {
      groups.push([delivery]);
      skus = new Set(orderSkus);
    }
  }
  return groups;
}

function skusOf(event: StockInput, reservations: StockSnapshot['reservations']): string[] {
  switch (event.type) {
    case orderCancelled.type:
    case orderDispatched.type:
      return (reservations.get(event.data.orderId)?.lines ?? []).map(({ sku }) => sku);
    case orderRefundRequested.type:
      return (event.data.items ?? []).flatMap(({ sku, restock }) => (restock ? [sku] : []));
    default:
      return goodsOf(event.data.items).map(({ sku }) => sku);
  }
}
