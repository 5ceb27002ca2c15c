import { type OrderRefundRequested, orderRefundRequested } from '../../contracts/order.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import type { DeadLetter } from '../dlq/dead-letter.ts';
import type { Trace, TracedRefund, TracedReturn } from './trace.ts';

/** A refund that a consumer refused for good: the request, and the consumer's reason. */
export type Refusal = { consumer: string; request: OrderRefundRequested; reason: string; time: string };

/** Finds the refunds that payment refused because of the money, and stock because of the goods, among an order's dead letters. */
export const refusalsAmong = (deadLetters: readonly DeadLetter[]): Refusal[] =>
  deadLetters.flatMap((deadLetter) => {
    const { consumer, errorType, reason, failedAt: time } = deadLetter;
    // Whatever else dead-letters a request is no answer to it: it is put back once that is repaired.
    if (errorType !== 'ConflictError') return [];
    const request = readRequest(deadLetter);
    return request === undefined ? [] : [{ consumer, request, reason, time }];
  });

function readRequest({ body }: DeadLetter): OrderRefundRequested | undefined {
  try {
    return parseEvent(readReplayed(body)?.body ?? body, [orderRefundRequested]);
  } catch (error) {
    if (error instanceof ContractError) return undefined;
    throw error;
  }
}

/** Adds to a trace the refunds and returns that were refused, and not made afterwards under the same id. */
export function addRefusals(trace: Trace, deadLetters: readonly DeadLetter[]): Trace {
  const refusals = refusalsAmong(deadLetters);
  const refunds = [...(trace.refunds ?? []), ...refusedRefunds(refusals, trace.refunds)];
  const returns = [...(trace.returns ?? []), ...refusedReturns(refusals, trace.returns)];
  return { ...trace, ...(refunds.length === 0 ? {} : { refunds }), ...(returns.length === 0 ? {} : { returns }) };
}

const isUnknown = (refundId: string, known: readonly { refundId?: string }[] = []): boolean =>
  known.every((one) => one.refundId !== refundId);

const refusedRefunds = (refusals: readonly Refusal[], known: Trace['refunds']): TracedRefund[] =>
  lastOfEach(refusals, 'payment').flatMap(({ request: { data }, reason, time }) => {
    const { refundId, amount } = data;
    return isUnknown(refundId, known) ? [{ refundId, amount, state: 'refused', reason, time }] : [];
  });

const refusedReturns = (refusals: readonly Refusal[], known: Trace['returns']): TracedReturn[] =>
  lastOfEach(refusals, 'stock').flatMap(({ request: { data }, reason, time }) => {
    const { refundId, items = [] } = data;
    const lines = items.map(({ sku, quantity, restock = false }) => ({ sku, quantity, restock }));
    return isUnknown(refundId, known) ? [{ refundId, items: lines, state: 'refused', reason, time }] : [];
  });

/** Returns a consumer's last refusal of each refund: one that is asked for again may be refused again. */
const lastOfEach = (refusals: readonly Refusal[], consumer: string): Refusal[] => [
  ...new Map(
    refusals.filter((one) => one.consumer === consumer).map((one) => [one.request.data.refundId, one]),
  ).values(),
];
