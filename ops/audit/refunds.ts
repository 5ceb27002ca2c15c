import type { Money } from '../../contracts/money.ts';
import type { Payment, Refund } from '../../lambdas/payment/record.ts';
import { capturedAmount, pendingRefund, refundedAmount, refundsOf } from '../../lambdas/payment/refunds.ts';
import { type Reservation, returnedPieces } from '../../lambdas/stock/record.ts';
import { isPaymentSettled } from '../../lambdas/sweep/settled.ts';
import { shellArgument } from '../command.ts';
import { formatMoney } from '../format.ts';
import { type AuditRecords, byPerson, type Problem } from './problem.ts';

/**
 * Holds what went back of an order's money against what was captured, its goods against what was sold, and payment against stock by `refundId`.
 * Each says of a refund whether the other was asked for its part, so that what has only money, or only goods, agrees. What was refused agrees too:
 * payment keeps no record of that, so money that stock expects and that would not fit any more is taken for refused.
 */
export function refundProblems({ order, payment, reservation }: AuditRecords): Problem[] {
  return [
    ...(payment === undefined ? [] : [...moneyProblems(payment), ...unlistedProblems(payment)]),
    ...(reservation === undefined ? [] : goodsProblems(reservation)),
    ...(payment === undefined || reservation === undefined ? [] : pairProblems(payment, reservation)),
    ...(order === undefined || payment === undefined ? [] : endProblems(order, payment)),
  ];
}

function moneyProblems(payment: Payment): Problem[] {
  const { orderId } = payment;
  const sum = refundsOf(payment).reduce((total, { amount }) => total + amount, 0);
  const captured = capturedAmount(payment);
  if (sum <= captured) return [];
  const problem = `${moneyText(payment, sum)} went back of it or is about to, and ${moneyText(payment, captured)} was captured`;
  return [{ problem, repair: byPerson(orderId, 'at the provider what was sent') }];
}

function goodsProblems(reservation: Reservation): Problem[] {
  const { orderId, lines } = reservation;
  const sold = new Map(lines.map(({ sku, quantity }) => [sku, quantity]));
  return returnedPieces(reservation)
    .filter(({ sku, quantity }) => quantity > (sold.get(sku) ?? 0))
    .map(({ sku, quantity }) => ({
      problem: `${quantity} of ${sku} came back, and ${sold.get(sku) ?? 0} were sold`,
      repair: byPerson(orderId, 'what came back'),
    }));
}

/** Finds refunds of which one of the two consumers has not heard, although it would have done its part. */
function pairProblems(payment: Payment, reservation: Reservation): Problem[] {
  const { orderId } = payment;
  const { returned = [] } = reservation;
  const refunds = refundsOf(payment);
  const goodsMissing = refunds.filter(
    ({ refundId, goods }) =>
      goods && reservation.state === 'sold' && returned.every((one) => one.refundId !== refundId),
  );
  const left = capturedAmount(payment) - refundedAmount(payment);
  const moneyMissing = returned.filter(
    ({ refundId, amount = 0 }) => amount > 0 && amount <= left && refunds.every((one) => one.refundId !== refundId),
  );
  return [
    ...goodsMissing.map(({ refundId = '' }) => ({
      problem: `the goods of refund ${refundId} have not come back to stock`,
      repair: repairOf(orderId, 'stock', 0, `${shellArgument(refundId)} --item <sku>=<pieces>`),
    })),
    ...moneyMissing.map(({ refundId, amount = 0 }) => ({
      problem: `${moneyText(payment, amount)} of refund ${refundId} is not known to payment`,
      repair: repairOf(orderId, 'payment', amount, shellArgument(refundId)),
    })),
  ];
}

const repairOf = (orderId: string, consumer: 'payment' | 'stock', amount: number, rest: string): string =>
  `npm run ops -- dlq redrive --consumer ${consumer}, or, where it has no dead letter of it, npm run ops -- refund ${shellArgument(orderId)} ${amount} --id ${rest}.`;

/** Finds what a cancelled order keeps of its money, and a refund that was begun and that no decision resumes. */
function endProblems(order: NonNullable<AuditRecords['order']>, payment: Payment): Problem[] {
  const { orderId, money } = payment;
  const isEnded = payment.state === 'refunded' || payment.state === 'refund-due';
  const back = refundedAmount(payment);
  const found: Problem[] = [];
  if (order.status === 'CANCELLED' && isEnded && money !== undefined && back < money.amount)
    found.push({
      problem: `only ${moneyText(payment, back)} of ${formatMoney(money)} goes back, although it is cancelled`,
      repair: byPerson(orderId, 'at the provider what was sent'),
    });
  const pending = pendingRefund(payment);
  if (pending !== undefined && isPaymentSettled(order, payment))
    found.push({
      problem: pendingWords(payment, pending),
      repair: `npm run ops -- dlq redrive --consumer payment, or whoever asked for it asks again under the same refundId.`,
    });
  return found;
}

/** Finds a refund that a person has to send and that no list shows, because its mark for the index is missing. */
function unlistedProblems(payment: Payment): Problem[] {
  // Once a person has sent it, the record's own state stays, and the refund is done.
  const isDue = refundsOf(payment).some(({ state }) => state === 'due');
  if (!isDue || payment.refundDue !== undefined) return [];
  const repair = `A person sends the money, as docs/runbook/refund-due.md says: npm run ops -- trace ${shellArgument(payment.orderId)}.`;
  return [{ problem: 'its refund is due, and the list of due refunds does not have it', repair }];
}

/** Says of a refund that was begun that it has not ended. */
export const pendingWords = (payment: Payment, { refundId, amount }: Refund): string =>
  `${refundId === undefined ? 'its refund' : `refund ${refundId}`} of ${moneyText(payment, amount)} has not ended`;

function moneyText({ money }: Payment, amount: number): string {
  const whole: Money | undefined = money && { ...money, amount };
  return whole === undefined ? String(amount) : formatMoney(whole);
}
