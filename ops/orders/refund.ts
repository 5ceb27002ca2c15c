import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderRefundRequested, orderRefundRequested } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { refundsOf } from '../../lambdas/payment/refunds.ts';
import { connectQueues, type DeadLetterQueue } from '../dlq/queue.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import type { AwaitOptions } from './cancel.ts';
import { publishOrders } from './publish.ts';
import { loadWholeOrder, type OrderRecords } from './records.ts';
import { assertRefundable, type RefundRequest, type RefundSums, refundSums } from './refunds.ts';
import { type Refusal, refusalsAmong } from './refusals.ts';
import { findDeadLetters } from './trace-dead-letters.ts';

/** Returns an id for a refund that has none. */
export const newRefundId = (): string => `r-${ulid()}`;

/** Builds the event that asks for a refund. Throws a sentence where nothing is to come back. */
export function orderRefundRequestedEvent(
  { orderId, refundId, amount, items }: RefundRequest,
  reason?: string,
  now = new Date(),
): OrderRefundRequested {
  if (amount === 0 && items.length === 0) {
    throw new Error('The amount may be 0 only where goods come back: name them with --item sku=quantity.');
  }
  const envelope = { id: ulid(), source: '/shop/operator', time: now.toISOString(), subject: orderId };
  const goods = items.length === 0 ? {} : { items: [...items] };
  const data = { orderId, refundId, amount, ...goods, ...(reason === undefined ? {} : { reason }) };
  const event = buildEvent(orderRefundRequested, { ...envelope, data });
  parseEvent(JSON.stringify(event), [orderRefundRequested]);
  return event;
}

/** Publishes a request for a refund. */
export async function requestRefund(shop: DeployedShop, event: OrderRefundRequested): Promise<void> {
  const [failed] = await publishOrders(shop, [JSON.stringify(event)]);
  if (failed !== undefined) throw new Error(`The topic refused the message: ${failed.code} ${failed.message}`);
}

/**
 * Compares a refund with an order's records, before it is asked for. Throws a sentence, with what to do, where consumers would refuse it.
 * `before` tells what became of it already, if it was asked for under the same id.
 */
export async function checkRefund(
  shop: DeployedShop,
  request: RefundRequest,
  event: OrderRefundRequested,
): Promise<{ records: OrderRecords; before: RefundOutcome }> {
  const records = await loadWholeOrder(shop, request.orderId);
  assertRefundable(records, request, shop.where);
  return { records, before: refundOutcome(records, event.data) };
}

/** Publishes a request for a refund that was checked, and waits for what becomes of it; no wait tells nothing but `before`. */
export async function carryOutRefund(
  shop: DeployedShop,
  event: OrderRefundRequested,
  before: RefundOutcome,
  options: AwaitOptions,
): Promise<RefundOutcome> {
  await requestRefund(shop, event);
  if (options.waitSeconds === 0) return before;
  return awaitRefund(() => loadWholeOrder(shop, event.data.orderId), connectQueues(shop), event, options);
}

/** What became of a refund, of its money where there was any to send and of its goods where there were any to count. */
export type RefundOutcome = {
  payment?: 'refunded' | 'refund-due' | 'refused' | 'waiting';
  stock?: 'returned' | 'refused' | 'waiting';
  /** Why a person has to send the money, or why money or goods were refused. */
  reasons: string[];
  sums: RefundSums;
};

/** Reads from an order's records, and from what consumers refused, what became of a refund. */
export function refundOutcome(
  { payment, reservation }: OrderRecords,
  { refundId, amount, items = [] }: OrderRefundRequested['data'],
  refusals: readonly Refusal[] = [],
): RefundOutcome {
  const refunds = payment === undefined ? [] : refundsOf(payment);
  const refund = refunds.find((one) => one.refundId === refundId);
  const isReturned = reservation?.returned?.some((one) => one.refundId === refundId) ?? false;
  const isRefused = (by: string) => refusals.some(({ consumer }) => consumer === by);
  const ofMoney = refund === undefined ? 'pending' : refund.state;
  const due = ofMoney === 'due' && refund?.reason !== undefined ? [refund.reason] : [];
  const notSent = isRefused('payment') ? 'refused' : 'waiting';
  const notCounted = isRefused('stock') ? 'refused' : 'waiting';
  return {
    ...(amount === 0 ? {} : { payment: ofMoney === 'pending' ? notSent : OF_MONEY[ofMoney] }),
    ...(items.length === 0 ? {} : { stock: isReturned ? 'returned' : notCounted }),
    reasons: [...due, ...refusals.map(({ reason }) => reason)],
    sums: payment === undefined ? { currency: '', captured: 0, refunded: 0 } : refundSums(payment),
  };
}

const OF_MONEY = { done: 'refunded', due: 'refund-due' } as const;

/** Tells whether nothing more is to come of a refund. */
export const isSettled = ({ payment, stock }: RefundOutcome): boolean => payment !== 'waiting' && stock !== 'waiting';

/** A refund and what became of it, as `refund --json` prints it; in the minor unit of its currency. */
export type RefundDocument = Omit<RefundRequest, 'items'> &
  RefundSums &
  Partial<Pick<RefundRequest, 'items'>> &
  Pick<RefundOutcome, 'payment' | 'stock'> & { reasons?: string[] };

/** Builds the document of `refund --json`. */
export function refundDocument(
  { orderId, refundId, amount, items }: RefundRequest,
  { payment, stock, reasons, sums }: RefundOutcome,
): RefundDocument {
  const results = { ...(payment && { payment }), ...(stock && { stock }), ...(reasons.length > 0 && { reasons }) };
  return { orderId, refundId, amount, ...sums, ...(items.length === 0 ? {} : { items }), ...results };
}

/** Throws a sentence with the reason where payment or stock refused a refund. */
export function assertNotRefused(
  { orderId, refundId }: RefundRequest,
  { payment, stock, reasons }: RefundOutcome,
): void {
  if (payment !== 'refused' && stock !== 'refused') return;
  throw new Error(`Refund ${refundId} of order ${orderId} was refused: ${reasons.join('; ')}`);
}

/** The consumers that may refuse a refund. */
const JUDGES: readonly string[] = ['payment', 'stock'];

/**
 * Waits until payment and stock have done what a refund asks of them, or have refused it. What they refuse is found in their dead-letter
 * queues, which are searched whenever they grow, and once more in the end.
 */
export async function awaitRefund(
  loadRecords: () => Promise<OrderRecords>,
  queues: readonly DeadLetterQueue[],
  event: OrderRefundRequested,
  { waitSeconds, signal }: AwaitOptions,
): Promise<RefundOutcome> {
  const { data } = event;
  const judges = queues.filter(({ consumer }) => JUDGES.includes(consumer));
  const search = async () => {
    const { deadLetters } = await findDeadLetters(judges, data.orderId, signal);
    return refusalsAmong(deadLetters).filter(
      ({ request: { id, source } }) => id === event.id && source === event.source,
    );
  };
  const depth = async () => {
    const depths = await Promise.all(judges.map((queue) => queue.depth()));
    return depths.reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0);
  };
  let searched = 0;
  let refusals: readonly Refusal[] = [];
  const look = async () => refundOutcome(await loadRecords(), data, refusals);
  const outcome = await pollUntil(
    async () => {
      const seen = await look();
      if (isSettled(seen)) return seen;
      const now = await depth();
      if (now === searched) return seen;
      searched = now;
      refusals = await search();
      return look();
    },
    isSettled,
    { deadline: Date.now() + waitSeconds * 1_000, intervalMs: 500, signal },
  );
  if (isSettled(outcome)) return outcome;
  refusals = await search();
  return look();
}
