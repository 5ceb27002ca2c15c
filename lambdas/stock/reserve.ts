import { setTimeout as wait } from 'node:timers/promises';
import { orderCancelled } from '../../contracts/order.ts';
import type { BatchHandler, Delivery, HandlerResult } from '../runtime/delivery.ts';
import { BusyError } from '../runtime/failure.ts';
import { planStock, type StockInput, type StockPlan, type StockSnapshot } from './rules.ts';
import type { StockTable } from './table.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const ACTIONS_PER_TRANSACTION = 100;
// Each refusal teaches something; whoever is refused this often is in the middle of a rush on one SKU.
const MAX_ROUNDS = 6;
const MAX_PAUSE_MS = 50;

/**
 * Takes the table and a clock and gives the handler: one transaction for a whole wave of orders where it fits, planned anew
 * after each refusal, and order by order where a wave keeps being refused.
 */
export function stockHandler(table: StockTable, now: () => Date = () => new Date()): BatchHandler<StockInput> {
  return async (deliveries) => {
    const cancelled = deliveries.filter(({ event }) => event.type === orderCancelled.type);
    const reservations = await table.load(cancelled.map(({ event }) => event.data.orderId));
    const results = new Map<Delivery<StockInput>, HandlerResult>();
    for (const transaction of transactions(deliveries, reservations)) {
      // A transaction that fails says nothing of those before it, which are done.
      const outcome = await commitTogether(table, transaction, reservations, now).catch((failure: unknown) =>
        transaction.map((): HandlerResult => ({ failure })),
      );
      transaction.forEach((delivery, index) => {
        results.set(delivery, outcome[index] ?? { failure: new Error('There was no result') });
      });
    }
    return deliveries.map((delivery) => results.get(delivery) ?? { failure: new Error('There was no result') });
  };
}

async function commitTogether(
  table: StockTable,
  deliveries: readonly Delivery<StockInput>[],
  reservations: StockSnapshot['reservations'],
  now: () => Date,
): Promise<HandlerResult[]> {
  const known: StockSnapshot = { reservations: new Map(reservations), available: new Map() };
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const attempt = planStock(deliveries, known, now());
    const idle = attempt.planned.every((one) => !('write' in one));
    // What was learned may have added goods to the plan.
    if (deliveries.length > 1 && actionsOf(attempt) > ACTIONS_PER_TRANSACTION) break;
    const refusal = idle ? undefined : await table.commit(attempt);
    if (refusal === undefined) {
      return attempt.planned.map((one) => ('failure' in one ? one : { publish: one.publish }));
    }
    for (const [orderId, reservation] of refusal.reservations) known.reservations.set(orderId, reservation);
    for (const [sku, available] of refusal.available) known.available.set(sku, available);
    if (refusal.conflict) await wait(Math.random() * MAX_PAUSE_MS * round);
  }
  if (deliveries.length === 1) return [{ failure: new BusyError('Others keep writing to the same goods') }];
  const alone: HandlerResult[] = [];
  for (const delivery of deliveries) alone.push(...(await commitTogether(table, [delivery], reservations, now)));
  return alone;
}

const actionsOf = ({ planned, movements }: StockPlan) =>
  planned.filter((one) => 'write' in one).length + movements.size;

/** Takes deliveries and cuts them into groups whose orders and SKUs fit into one transaction each. */
function transactions(
  deliveries: readonly Delivery<StockInput>[],
  reservations: StockSnapshot['reservations'],
): Delivery<StockInput>[][] {
  const groups: Delivery<StockInput>[][] = [];
  let skus = new Set<string>();
  for (const delivery of deliveries) {
    const own = skusOf(delivery.event, reservations);
    const group = groups.at(-1);
    const together = new Set([...skus, ...own]);
    if (group !== undefined && group.length + 1 + together.size <= ACTIONS_PER_TRANSACTION) {
      group.push(delivery);
      skus = together;
    } else {
      groups.push([delivery]);
      skus = new Set(own);
    }
  }
  return groups;
}

function skusOf(event: StockInput, reservations: StockSnapshot['reservations']): string[] {
  const lines =
    event.type === orderCancelled.type ? (reservations.get(event.data.orderId)?.lines ?? []) : event.data.items;
  return lines.map(({ sku }) => sku);
}
