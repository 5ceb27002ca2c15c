import { sameGoods } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import { shellArgument } from '../command.ts';
import type { Problem } from './problem.ts';

// Clocks differ, and a step is archived after it happened.
const REPLAY_FROM_MS = 3_600_000;

/** Finds where shipping has a decided order otherwise than it was decided. */
export function shipmentProblems(order: Order, shipment: Shipment | undefined): Problem[] {
  const problem = order.status === 'CONFIRMED' ? confirmedProblem(order, shipment) : cancelledProblem(shipment);
  return problem === undefined ? [] : [{ problem, repair: repairOf(order) }];
}

function confirmedProblem({ items }: Order, shipment: Shipment | undefined): string | undefined {
  if (shipment?.status === 'CANCELLED') return 'shipping has it as cancelled';
  if (shipment?.status !== 'CONFIRMED') {
    const missing = (shipment?.sequence ?? 0) + 1;
    return shipment?.parked === undefined
      ? 'shipping has no shipment of it'
      : `shipping has no shipment of it, because step ${missing} has not come`;
  }
  const goods = shipment.shipment?.items;
  const isOther = items !== undefined && (goods === undefined || !sameGoods(items, goods));
  return isOther ? 'shipping has other goods on record than were ordered' : undefined;
}

function cancelledProblem(shipment: Shipment | undefined): string | undefined {
  if (shipment === undefined || shipment.status === 'CANCELLED') return undefined;
  return shipment.status === 'CONFIRMED'
    ? 'its shipment is not stopped'
    : 'shipping has not heard that it is cancelled';
}

/** The sweep publishes decisions, and the feed has each step once: what shipping missed is a dead letter, or in the archive. */
function repairOf({ orderId, status, timeline }: Order): string {
  const id = shellArgument(orderId);
  const first = Math.min(...timeline.map(({ time }) => Date.parse(time)));
  const from = new Date((Number.isFinite(first) ? first : 0) - REPLAY_FROM_MS).toISOString();
  const stop = status === 'CANCELLED' ? 'Hold the goods back; then ' : '';
  return `${stop}npm run ops -- dlq redrive --consumer shipping, or, where it has no dead letter, npm run ops -- replay --to shipping --order ${id} --from ${from}.`;
}
