import { minorDigits, toMinorUnits } from './money.ts';
import { type Payment, perPiece, placed, sumOf } from './placed.ts';

// Stripe's minor units that are not those of ISO 4217 (https://docs.stripe.com/currencies#special-cases).
const STRIPE_DIGITS: Partial<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

/**
 * What the mapping reads of a Stripe Checkout Session in the mode `payment`, retrieved with
 * `expand: ['payment_intent', 'line_items.data.price.product']`. Amounts are integers in Stripe's minor unit.
 */
export type CheckoutSession = {
  id: string;
  client_reference_id: string | null;
  /** In seconds since 1970. */
  created: number;
  currency: string;
  customer: string | null;
  customer_details: { phone: string | null } | null;
  locale: string | null;
  payment_status: string;
  payment_intent: { id: string; status: string } | null;
  amount_total: number;
  total_details: { amount_discount: number };
  shipping_cost: { amount_subtotal: number; amount_total: number } | null;
  line_items: {
    data: {
      quantity: number | null;
      amount_subtotal: number;
      amount_discount: number;
      amount_total: number;
      price: { id: string; lookup_key: string | null; product: { shippable: boolean | null } };
    }[];
  };
};

/** Maps a completed Stripe Checkout Session. */
export function placedFromCheckoutSession(session: CheckoutSession) {
  const { payment_intent, shipping_cost, line_items, amount_total } = session;
  const currency = session.currency.toUpperCase();
  const digits = STRIPE_DIGITS[currency] ?? minorDigits(currency);
  const units = (amount: number) => toMinorUnits(`${amount}e-${digits}`, currency);
  // `amount_tax` is all tax; this is the part of it that the prices do not include.
  const taxOnTop = [...line_items.data, ...(shipping_cost ? [{ ...shipping_cost, amount_discount: 0 }] : [])].map(
    (line) => line.amount_total - line.amount_subtotal + line.amount_discount,
  );
  return placed('/shop/stripe-checkout', new Date(session.created * 1000).toISOString(), {
    // The session's own id is too long for an order's id; its end is random.
    orderId: session.client_reference_id ?? payment_intent?.id ?? session.id.slice(-64),
    customer: {
      id: session.customer ?? undefined,
      phone: session.customer_details?.phone ?? undefined,
      locale: session.locale ?? undefined,
    },
    payment: amount_total === 0 ? undefined : paymentOf(session),
    items: line_items.data.map(({ quantity, amount_subtotal, price }) => ({
      sku: price.lookup_key ?? price.id,
      quantity: quantity ?? 1,
      unitPrice: perPiece(units(amount_subtotal), quantity ?? 1),
      tracked: price.product.shippable !== false,
    })),
    charges: [
      { kind: 'shipping', amount: units(shipping_cost?.amount_subtotal ?? 0) },
      { kind: 'discount', amount: -units(session.total_details.amount_discount) },
      { kind: 'tax', amount: units(sumOf(taxOnTop)) },
    ],
    amount: units(amount_total),
    currency,
  });
}

function paymentOf({ payment_status, payment_intent }: CheckoutSession): Payment {
  if (payment_intent === null) return { kind: 'awaited' };
  if (payment_status === 'paid') return { kind: 'captured', reference: payment_intent.id };
  // A bank transfer or a debit is `processing` for days: Stripe then sends `checkout.session.async_payment_succeeded`.
  return payment_intent.status === 'requires_capture'
    ? { kind: 'authorized', reference: payment_intent.id }
    : { kind: 'awaited' };
}
