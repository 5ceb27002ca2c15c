import type { Column } from '../columns.ts';
import { formatMoney, formatTime, plural, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { goodsText } from './refunds.ts';
import type { Trace, TracedRefund } from './trace.ts';

/** Formats, for the first line of a trace, whether the order has shipped and what went back of its money. */
export function afterConfirmationState({ dispatched, refunds = [], total }: Trace): string[] {
  const sent = refunds.filter(({ state }) => state === 'done').reduce((sum, { amount }) => sum + amount, 0);
  const refunded =
    sent === 0 || total === null
      ? []
      : [`refunded ${formatMoney({ ...total, amount: sent })} of ${formatMoney(total)}`];
  return [...(dispatched ? ['shipped'] : []), ...refunded];
}

const REFUNDS: readonly Column[] = [
  { title: 'refund', fit: 'middle' },
  { title: 'amount' },
  { title: 'state', fit: 'wrap', least: 12 },
  { title: 'refunded so far', rank: 1 },
  { title: 'time', rank: 2 },
  { title: 'reason', fit: 'wrap', least: 16 },
];

const RETURNS: readonly Column[] = [
  { title: 'return', fit: 'middle' },
  { title: 'on the shelf again', fit: 'wrap', least: 12 },
  { title: 'not on the shelf', fit: 'wrap', least: 12 },
  { title: 'state' },
  { title: 'time', rank: 1 },
  { title: 'reason', fit: 'wrap', least: 16 },
];

/** Formats what happened to an order's money and goods after its confirmation: each refund, each return, and what a person has to put right. */
export function afterConfirmationSections(
  { total, refunds = [], returns = [], contradiction }: Trace,
  layout: Layout = WHOLE,
): string[] {
  const refundRows = refunds.map(({ refundId, amount, state, refunded, reason = '', time }) => [
    refundId ?? 'of the cancellation',
    amountText(amount, total),
    REFUND_STATES[state],
    refunded === undefined ? '' : amountText(refunded, total),
    formatTime(time, layout),
    reason,
  ]);
  const returnRows = returns.map(({ refundId, items, state, reason = '', time }) => [
    refundId,
    goodsText(items.filter(({ restock }) => restock)),
    goodsText(items.filter(({ restock }) => !restock)),
    state,
    formatTime(time, layout),
    reason,
  ]);
  return [
    ...(refundRows.length === 0 ? [] : [table(REFUNDS, refundRows, layout)]),
    ...(returnRows.length === 0 ? [] : [table(RETURNS, returnRows, layout)]),
    ...(contradiction === undefined ? [] : [`✗ ${contradiction}: ${CONTRADICTIONS[contradiction]}`]),
  ];
}

const amountText = (amount: number, total: Trace['total']): string =>
  total === null ? plural(amount, 'minor unit') : formatMoney({ ...total, amount });

const REFUND_STATES: Readonly<Record<TracedRefund['state'], string>> = {
  pending: 'being sent',
  done: 'refunded',
  due: 'refund-due: a person has to send it',
  refused: 'refused',
};

const CONTRADICTIONS: Readonly<Record<NonNullable<Trace['contradiction']>, string>> = {
  'shipped-after-cancellation':
    'its goods left although it was cancelled, its money went back and the shelf counts them again. Have them brought back, or have the customer pay and correct the shelf (npm run ops -- stock set).',
  'not-captured-after-shipping':
    'its goods left and its payment could not be captured. Have the customer pay in another way, or have the goods brought back.',
  'cancelled-after-shipping':
    'its goods left, and payment or stock heard that it is cancelled. Compare what they did with it (npm run ops -- audit), and settle it with the customer.',
};
