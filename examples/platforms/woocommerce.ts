import { toMinorUnits } from './money.ts';
import { type Payment, perPiece, placed } from './placed.ts';

/** What the mapping reads of an order of WooCommerce's REST API (version 3). Amounts are decimals, mostly as strings. */
export type WooCommerceOrder = {
  id: number;
  number: string;
  date_created_gmt: string;
  currency: string;
  customer_id: number;
  billing: { phone: string };
  payment_method: string;
  transaction_id: string;
  date_paid_gmt: string | null;
  total: string;
  total_tax: string;
  shipping_total: string;
  discount_total: string;
  line_items: {
    product_id: number;
    variation_id: number;
    sku: string | null;
    quantity: number;
    /** Of all pieces, before coupons, without tax. */
    subtotal: string;
  }[];
  fee_lines: { name: string; total: string }[];
  coupon_lines: { code: string }[];
  meta_data: { key: string; value: unknown }[];
};

/**
 * Maps an order of WooCommerce. The order does not say which products have no shelf: `virtualProducts` are the ids of those that are
 * `virtual` or `downloadable`.
 */
export function placedFromWooCommerce(order: WooCommerceOrder, virtualProducts: ReadonlySet<number> = new Set()) {
  const { currency, coupon_lines } = order;
  const units = (decimal: string) => toMinorUnits(decimal, currency);
  const amount = units(order.total);
  const language = order.meta_data.find(({ key }) => key === 'wpml_language')?.value;
  return placed('/shop/woocommerce', `${order.date_created_gmt}Z`, {
    orderId: String(order.id),
    orderNumber: order.number,
    customer: {
      // A guest has the id 0.
      id: order.customer_id === 0 ? undefined : String(order.customer_id),
      phone: order.billing.phone || undefined,
      locale: typeof language === 'string' ? language : undefined,
    },
    payment: amount === 0 ? undefined : paymentOf(order),
    items: order.line_items.map(({ sku, product_id, variation_id, quantity, subtotal }) => ({
      sku: sku || String(variation_id || product_id),
      quantity,
      unitPrice: perPiece(units(subtotal), quantity),
      tracked: !virtualProducts.has(product_id),
    })),
    charges: [
      { kind: 'shipping', amount: units(order.shipping_total) },
      {
        kind: 'discount',
        label: coupon_lines.map(({ code }) => code).join(', '),
        amount: -units(order.discount_total),
      },
      ...order.fee_lines.map(({ name, total }) => ({ kind: 'fee' as const, label: name, amount: units(total) })),
      { kind: 'tax', amount: units(order.total_tax) },
    ],
    amount,
    currency,
  });
}

const AWAITED = ['bacs', 'cheque'];

function paymentOf({ payment_method, transaction_id, date_paid_gmt, meta_data }: WooCommerceOrder): Payment {
  const metaOf = (key: string) => meta_data.find((meta) => meta.key === key)?.value;
  if (payment_method === 'cod') return { kind: 'on-delivery' };
  if (transaction_id === '' || AWAITED.includes(payment_method)) return { kind: 'awaited' };
  // Stripe's plug-in gives the charge as the transaction; Stripe captures and refunds by the payment intent.
  const intent = metaOf('_stripe_intent_id');
  const reference = typeof intent === 'string' ? intent : transaction_id;
  if (metaOf('_stripe_charge_captured') === 'no') return { kind: 'authorized', reference };
  return date_paid_gmt === null ? { kind: 'awaited' } : { kind: 'captured', reference };
}
