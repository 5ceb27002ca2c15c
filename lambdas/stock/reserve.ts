import { setTimeout as wait } from 'node:timers/promises';
import { goodsOf, orderCancelled } from '../../contracts/order.ts';
import type { CustomerHash } from '../runtime/customer-hash.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { BusyError } from '../runtime/failure.ts';
import type { Publication, PublicationSource } from '../runtime/outbox.ts';
import { planStock, type StockInput, type StockPlan, type StockSnapshot } from './rules.ts';
import type { CommitRefusal, StockTable } from './table.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const MAX_ACTIONS_PER_TRANSACTION = 100;
// Each refusal completes the snapshot. More refusals than this mean heavy contention on one SKU.
const MAX_ATTEMPTS = 6;
const MAX_PAUSE_MS = 50;

/**
 * Builds the handler that reserves, sells and releases stock, and takes goods in. It commits a whole wave of orders in one transaction if that fits,
 * plans again after each refusal, and falls back to one transaction per order if the wave keeps being refused.
 */
export function stockHandler(
  table: StockTable,
  now: () => Date = () => new Date(),
  customerHash?: CustomerHash,
): PublicationSource<StockInput> {
  const plan: Planner = (deliveries, snapshot) => planStock(deliveries, snapshot, now(), customerHash);
  return async (deliveries) => {
    const cancelled = deliveries.flatMap(({ event }) =>
      event.type === orderCancelled.type ? [event.data.orderId] : [],
    );
    const reservations = await table.load(cancelled);
    const results = new Map<Delivery<StockInput>, Publication>();
    for (const transaction of splitIntoTransactions(deliveries, reservations)) {
      // A failed transaction must not fail those committed before it.
      const outcomes = await commitTogether(table, transaction, reservations, plan).catch((failure: unknown) =>
        transaction.map((): Publication => ({ failure })),
      );
      transaction.forEach((delivery, index) => {
        results.set(delivery, outcomes[index] ?? { failure: new Error('There was no result') });
      });
    }
    return deliveries.map((delivery) => results.get(delivery) ?? { failure: new Error('There was no result') });
  };
}

type Planner = (deliveries: readonly Delivery<StockInput>[], snapshot: StockSnapshot) => StockPlan;

async function commitTogether(
  table: StockTable,
  deliveries: readonly Delivery<StockInput>[],
  reservations: StockSnapshot['reservations'],
  planFor: Planner,
): Promise<Publication[]> {
  const snapshot: StockSnapshot = { reservations: new Map(reservations), available: new Map() };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const plan = planFor(deliveries, snapshot);
    // A refusal may have added a stored reservation's SKUs to the plan.
    if (deliveries.length > 1 && countActions(plan) > MAX_ACTIONS_PER_TRANSACTION) break;
    const hasWrites = plan.planned.some((entry) => 'write' in entry);
    const refusal = hasWrites ? await table.commit(plan) : undefined;
    if (refusal === undefined) {
      return plan.planned.map((entry) => ('failure' in entry ? entry : { publish: entry.publish }));
    }
    updateSnapshot(snapshot, refusal);
    if (refusal.conflict) await wait(Math.random() * MAX_PAUSE_MS * attempt);
  }
  if (deliveries.length === 1) return [{ failure: new BusyError('Other writers keep changing the same stock') }];
  const results: Publication[] = [];
  for (const delivery of deliveries) results.push(...(await commitTogether(table, [delivery], reservations, planFor)));
  return results;
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
  const lines =
    event.type === orderCancelled.type
      ? (reservations.get(event.data.orderId)?.lines ?? [])
      : goodsOf(event.data.items);
  return lines.map(({ sku }) => sku);
}
