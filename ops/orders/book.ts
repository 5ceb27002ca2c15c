import type { OrderPlaced } from '../../contracts/order.ts';
import { SANDBOX_ENTRY_KINDS } from '../../lambdas/payment/sandbox-book.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';

/** How an order that was authorized here ended, and what the gateway has on record of it. `refunds`: those that were asked for by message. */
export type BookedOrder = {
  order: Pick<OrderPlaced['data'], 'orderId' | 'total'>;
  status: string;
  refunds: readonly { refundId: string; amount: number }[];
  money: readonly GatewayRecord[];
};

export type BookProblem = { orderId: string; problem: string };

/**
 * Checks that money was held and taken at most once, stays taken only from a confirmed order, less exactly what was to be refunded of it, and
 * was let go of or sent back as a whole where the order was cancelled. Returns what is wrong, if anything.
 */
export function bookProblem(booked: BookedOrder): BookProblem[] {
  const { order, status, money } = booked;
  if (isRight(booked)) return [];
  const counts = SANDBOX_ENTRY_KINDS.map((kind) => `${entriesOf(money, kind).length} ${kind}s`);
  const refunded = sumOf(entriesOf(money, 'refund'));
  const entries = `${counts.slice(0, -1).join(', ')} and ${counts.at(-1)}${refunded > 0 ? ` of ${refunded} in all` : ''}`;
  return [{ orderId: order.orderId, problem: `is ${status} with ${entries}` }];
}

function isRight({ order: { total }, status, refunds, money }: BookedOrder): boolean {
  const count = (kind: GatewayRecord['kind']) => entriesOf(money, kind).length;
  const [authorizations, captures, voids] = [count('authorization'), count('capture'), count('void')];
  const sent = entriesOf(money, 'refund');
  const areSent = refunds.every(({ refundId, amount }) =>
    sent.some((one) => one.refundId === refundId && one.amount === amount),
  );
  if (status === 'CONFIRMED') {
    return authorizations === 1 && captures === 1 && voids === 0 && areSent && sent.length === refunds.length;
  }
  return captures === 0
    ? authorizations <= 1 && voids === authorizations && sent.length === 0
    : authorizations === 1 && captures === 1 && voids === 0 && sumOf(sent) === total.amount;
}

const entriesOf = (money: readonly GatewayRecord[], kind: GatewayRecord['kind']): GatewayRecord[] =>
  money.filter((entry) => entry.kind === kind);

const sumOf = (money: readonly GatewayRecord[]): number => money.reduce((sum, { amount }) => sum + amount, 0);
