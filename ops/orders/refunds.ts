import type { Money } from '../../contracts/money.ts';
import { type Line, type ReturnedLine, sumBySku } from '../../contracts/order.ts';
import { isMoneyToCome } from '../../lambdas/payment/refund-requested.ts';
import { capturedAmount, refundedAmount, refundsOf } from '../../lambdas/payment/refunds.ts';
import { linesNotReturned, returnedPieces } from '../../lambdas/stock/record.ts';
import { sameReturn } from '../../lambdas/stock/returns.ts';
import { shellArgument } from '../command.ts';
import { formatMoney } from '../format.ts';
import type { OrderRecords, PaymentSummary, ReservationSummary } from './records.ts';

/** What a refund sends back, in the minor unit of the order's currency, and which goods came back with it. */
export type RefundRequest = { orderId: string; refundId: string; amount: number; items: readonly ReturnedLine[] };

/** What was captured of an order, or is about to be, and what of it went back, goes back or has to be sent back by a person. */
export type RefundSums = { currency: string; captured: number; refunded: number };

/** Sums what was captured of a confirmed order, or what it waits to capture, and what goes back of it. */
export function refundSums(payment: PaymentSummary): RefundSums {
  const { amount = 0, currency = '' } = payment.money ?? {};
  const captured = isMoneyToCome(payment) ? amount : capturedAmount(payment);
  return { currency, captured, refunded: refundedAmount(payment) };
}

/** Throws a sentence, with what to do, where consumers would refuse a refund of a confirmed order for what its records say. */
export function assertRefundable(records: OrderRecords, request: RefundRequest, where: string): void {
  const { order, payment, reservation } = records;
  assertConfirmed(order, request.orderId, where);
  if (payment === undefined) {
    throw new Error(
      `Order ${request.orderId} is confirmed, but has no payment on record: see npm run ops -- audit, and refund it afterwards.`,
    );
  }
  if (request.amount > 0) assertMoneyLeft(payment, request);
  if (request.items.length > 0) assertGoodsLeft(reservation, request);
}

function assertConfirmed(order: OrderRecords['order'], orderId: string, where: string): void {
  const id = shellArgument(orderId);
  switch (order?.status) {
    case 'CONFIRMED':
      return;
    case 'CANCELLED':
      throw new Error(
        `Order ${orderId} is cancelled, so all that was captured of it goes back by itself: npm run ops -- trace ${id}`,
      );
    case 'PLACED':
      throw new Error(
        `Order ${orderId} is not confirmed yet, so nothing of it was captured: cancel it (npm run ops -- cancel ${id}), or wait until it is (npm run ops -- trace ${id} --wait).`,
      );
    case undefined:
      throw new Error(`No order ${orderId} is known at ${where}: check the id (npm run ops -- trace ${id}).`);
  }
}

function assertMoneyLeft(payment: PaymentSummary, { orderId, refundId, amount }: RefundRequest): void {
  const { currency, captured, refunded } = refundSums(payment);
  const known = refundsOf(payment).find((refund) => refund.refundId === refundId);
  if (known !== undefined) {
    if (known.amount === amount) return;
    throw new Error(
      `Refund ${refundId} of order ${orderId} is already one of ${formatMoney({ amount: known.amount, currency })}, and stays so: give this one another --id.`,
    );
  }
  const left = Math.max(0, captured - refunded);
  if (amount <= left) return;
  const sums = `${formatMoney({ amount: captured, currency })} captured, ${formatMoney({ amount: refunded, currency })} refunded`;
  const advice =
    left === 0
      ? `see what became of it (npm run ops -- trace ${shellArgument(orderId)}).`
      : `ask for at most ${left} (${formatMoney({ amount: left, currency })}).`;
  throw new Error(`${formatMoney({ amount, currency })} is more than is left of order ${orderId} (${sums}): ${advice}`);
}

const HAS_GOODS: readonly string[] = ['reserved', 'sold'] satisfies ReservationSummary['state'][];

function assertGoodsLeft(reservation: ReservationSummary | undefined, { orderId, refundId, items }: RefundRequest) {
  const trace = `npm run ops -- trace ${shellArgument(orderId)}`;
  if (reservation === undefined || !HAS_GOODS.includes(reservation.state)) {
    throw new Error(`Stock holds no goods as sold for order ${orderId}, so none can come back: ${trace}`);
  }
  const known = reservation.returned?.find((one) => one.refundId === refundId);
  if (known !== undefined) {
    if (sameReturn(known.lines, items)) return;
    throw new Error(
      `Refund ${refundId} of order ${orderId} came with other goods before (${goodsText(known.lines)}): give this one another --id.`,
    );
  }
  for (const { sku, quantity } of sumBySku(items)) {
    const [sold, back] = [piecesOf(reservation.lines, sku), piecesOf(returnedPieces(reservation), sku)];
    const left = piecesOf(linesNotReturned(reservation), sku);
    if (sold === 0) throw new Error(`Order ${orderId} has no ${sku} that was sold: check --item (${trace}).`);
    if (quantity <= left) continue;
    const pieces = left === 1 ? '1 piece is' : `${left} pieces are`;
    const advice = left === 0 ? trace : 'ask for no more.';
    throw new Error(
      `Of ${sku}, ${pieces} left of order ${orderId} to come back (${sold} sold, ${back} returned): ${advice}`,
    );
  }
}

const piecesOf = (lines: readonly Line[], sku: string): number =>
  lines.reduce((sum, line) => (line.sku === sku ? sum + line.quantity : sum), 0);

/** Formats goods: `1 of KB-01, 2 of MS-02`. */
export const goodsText = (items: readonly Line[]): string =>
  items.map(({ sku, quantity }) => `${quantity} of ${sku}`).join(', ');

/** Formats what went back of what was captured: `₩5,000 of ₩12,000`. */
export const sumsText = ({ currency, captured, refunded }: RefundSums): string =>
  `${money(refunded, currency)} of ${money(captured, currency)}`;

const money = (amount: number, currency: string): string => formatMoney({ amount, currency } satisfies Money);
