import type { Order } from '../../lambdas/order/record.ts';
import { shellArgument } from '../command.ts';
import type { AuditRecords, Problem } from './problem.ts';

type Contradiction = NonNullable<Order['contradiction']>;

const PROBLEMS: Record<Contradiction, string> = {
  'shipped-after-cancellation': 'goods of it left although it is cancelled',
  'not-captured-after-shipping': 'its goods left, and its payment could not be captured',
  'cancelled-after-shipping': 'its goods left, and others heard that it is cancelled',
};

/** Names goods that left for which nobody pays, until a person has noted that it is put right. */
export function contradictionProblems(order: Order, { reservation }: AuditRecords): Problem[] {
  const { orderId, contradiction, contradictionSettled } = order;
  if (contradiction === undefined || contradictionSettled) return [];
  const isOnShelf = reservation?.state === 'released' && reservation.lines.length > 0;
  const counted = isOnShelf ? ', and counts the shelf, where its goods are again (npm run ops -- stock set)' : '';
  const repair = `A person has the parcel stopped, or the goods paid for or sent back${counted}; docs/runbook/contradiction.md says how, and how to take it off this list: npm run ops -- trace ${shellArgument(orderId)}.`;
  return [{ problem: PROBLEMS[contradiction], repair }];
}
