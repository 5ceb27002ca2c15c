import { orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/rules.ts';

/** How and when an order was decided; the time, in milliseconds, is that of the consumer that decided. */
export type Decision = { status: 'CONFIRMED' | 'CANCELLED'; time: number };

/** Takes what is on record of an order and gives its decision, `undefined` while there is none. */
export function decisionOf(order: Pick<Order, 'status' | 'timeline'> | undefined): Decision | undefined {
  if (order?.status !== 'CONFIRMED' && order?.status !== 'CANCELLED') return undefined;
  const entry = order.timeline.find(({ type }) => type === orderConfirmed.type || type === orderCancelled.type);
  return entry === undefined ? undefined : { status: order.status, time: Date.parse(entry.time) };
}

/** Looks up orders that are on record. */
type Load = (orderIds: readonly string[]) => Promise<ReadonlyMap<string, Pick<Order, 'status' | 'timeline'>>>;

// Twenty reads of a hundred orders: quicker than any load, and no load of its own.
const AT_ONCE = 2_000;

/**
 * Looks at the undecided orders that were not looked at for longest, takes those that are decided out of the set, and
 * gives their decisions.
 */
export async function newDecisions(undecided: Set<string>, load: Load): Promise<Map<string, Decision>> {
  const ids = [...undecided].slice(0, AT_ONCE);
  const known = ids.length === 0 ? new Map() : await load(ids);
  const found = new Map<string, Decision>();
  for (const id of ids) {
    const decision = decisionOf(known.get(id));
    undecided.delete(id);
    // A set keeps its sequence: whoever is added again is the last.
    if (decision === undefined) undecided.add(id);
    else found.set(id, decision);
  }
  return found;
}
