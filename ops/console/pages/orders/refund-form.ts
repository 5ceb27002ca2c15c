import { currencyDigits } from '../../../currencies.ts';
import type { Refundable } from '../../api/orders.ts';
import { parseAmount, type TypedAmount, typedAmount } from './amount.ts';

/** What was typed into the form of a refund; quantities and `restock` by SKU. */
export type RefundForm = {
  amount: string;
  quantities: Readonly<Record<string, string>>;
  restock: Readonly<Record<string, boolean>>;
  reason: string;
};

export type RefundItem = { sku: string; quantity: number; restock: boolean };

/** What a form asks for, or what is wrong with it. */
export type TypedRefund = {
  money: TypedAmount;
  items: RefundItem[];
  /** The SKUs of which no such number of pieces can come back. */
  wrongQuantities: string[];
  /** The body of the request; absent while anything is wrong, and where nothing comes back. */
  body?: { amount: number; items: RefundItem[]; reason?: string };
};

/** The digits of a currency; one that is unknown is typed in its minor unit. */
export const digitsOf = ({ currency }: Pick<Refundable, 'currency'>): number => currencyDigits(currency) ?? 0;

/** Begins a form: all that is left of the money, and no goods. */
export const emptyForm = (refundable: Refundable): RefundForm => ({
  amount: typedAmount(refundable.left, digitsOf(refundable)),
  quantities: {},
  restock: {},
  reason: '',
});

/** Reads a form against what is left of the order. */
export function readForm(form: RefundForm, refundable: Refundable): TypedRefund {
  const money = parseAmount(form.amount, { digits: digitsOf(refundable), most: refundable.left });
  const typed = refundable.goods.map(({ sku, quantity: most }) => ({ sku, most, text: form.quantities[sku] ?? '' }));
  const items = typed.flatMap(({ sku, text }) => {
    const quantity = Number(text);
    return quantity > 0 ? [{ sku, quantity, restock: form.restock[sku] ?? true }] : [];
  });
  const wrongQuantities = typed.flatMap(({ sku, most, text }) =>
    /^\d*$/.test(text.trim()) && Number(text) <= most ? [] : [sku],
  );
  const isRight = 'amount' in money && wrongQuantities.length === 0 && (money.amount > 0 || items.length > 0);
  if (!isRight) return { money, items, wrongQuantities };
  const reason = form.reason.trim();
  return { money, items, wrongQuantities, body: { amount: money.amount, items, ...(reason === '' ? {} : { reason }) } };
}
