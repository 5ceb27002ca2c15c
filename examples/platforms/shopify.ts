import { toMinorUnits } from './money.ts';
import { type Payment, placed, sumOf } from './placed.ts';

type Amount = { presentment_money: { amount: string } };
type Discounted = { price_set: Amount; discount_allocations: { amount_set: Amount }[] };
type Phone = { phone: string | null } | null;

/** What the mapping reads of an order of Shopify's Admin API (REST), as the webhook `orders/create` sends it. */
export type ShopifyOrder = {
  admin_graphql_api_id: string;
  name: string;
  created_at: string;
  presentment_currency: string;
  taxes_included: boolean;
  financial_status: string;
  payment_gateway_names: string[];
  customer_locale: string | null;
  phone: string | null;
  customer: { id: number; phone: string | null } | null;
  shipping_address?: Phone;
  line_items: (Discounted & {
    sku: string | null;
    variant_id: number | null;
    quantity: number;
    requires_shipping: boolean;
  })[];
  shipping_lines: Discounted[];
  total_price_set: Amount;
  total_tax_set: Amount;
  /** In the shop's currency, unlike the others. */
  total_tip_received: string;
  original_total_duties_set?: Amount | null;
  original_total_additional_fees_set?: Amount | null;
};

/** A transaction of the order (`GET orders/<id>/transactions.json`), in the currency that the customer paid in. */
export type ShopifyTransaction = {
  admin_graphql_api_id: string;
  kind: string;
  status: string;
  gateway: string;
  amount: string;
};

/** Maps an order of Shopify, in the currency that the customer saw and paid in. */
export function placedFromShopify(order: ShopifyOrder, transactions: readonly ShopifyTransaction[]) {
  const currency = order.presentment_currency;
  const units = (set?: Amount | null) => toMinorUnits(set?.presentment_money.amount ?? 0, currency);
  const discounts = [...order.line_items, ...order.shipping_lines].flatMap((line) => line.discount_allocations);
  const giftCards = transactions.filter(isStart).filter(({ gateway }) => gateway === 'gift_card');
  const onGiftCards = sumOf(giftCards.map(({ amount }) => toMinorUnits(amount, currency)));
  const amount = units(order.total_price_set) - onGiftCards;
  return placed('/shop/shopify', order.created_at, {
    orderId: order.admin_graphql_api_id,
    orderNumber: order.name,
    customer: {
      id: order.customer?.id.toString(),
      phone: order.phone ?? order.customer?.phone ?? order.shipping_address?.phone ?? undefined,
      locale: order.customer_locale ?? undefined,
    },
    payment: amount === 0 ? undefined : paymentOf(order, transactions),
    items: order.line_items.map(({ sku, variant_id, quantity, price_set, requires_shipping }) => {
      const ownSku = sku || variant_id?.toString();
      const tracked = requires_shipping && ownSku !== undefined;
      return { sku: ownSku, quantity, unitPrice: units(price_set), tracked };
    }),
    charges: [
      { kind: 'shipping', amount: sumOf(order.shipping_lines.map(({ price_set }) => units(price_set))) },
      { kind: 'discount', amount: -sumOf(discounts.map(({ amount_set }) => units(amount_set))) },
      { kind: 'tax', amount: order.taxes_included ? 0 : units(order.total_tax_set) },
      { kind: 'fee', label: 'duties', amount: units(order.original_total_duties_set) },
      { kind: 'fee', amount: units(order.original_total_additional_fees_set) },
      { kind: 'other', label: 'tip', amount: toMinorUnits(order.total_tip_received, currency) },
      { kind: 'gift-card', amount: -onGiftCards },
    ],
    amount,
    currency,
  });
}

// A payment begins with a sale, or with an authorization that a capture follows.
const isStart = ({ kind, status }: ShopifyTransaction) =>
  status === 'success' && (kind === 'sale' || kind === 'authorization');

function paymentOf(
  { financial_status, payment_gateway_names }: ShopifyOrder,
  all: readonly ShopifyTransaction[],
): Payment {
  const find = (...kinds: string[]) =>
    all.find((one) => one.status === 'success' && one.gateway !== 'gift_card' && kinds.includes(one.kind));
  const captured = find('sale', 'capture');
  const authorized = find('authorization');
  if (financial_status === 'paid' && captured) return { kind: 'captured', reference: captured.admin_graphql_api_id };
  if (financial_status === 'authorized' && authorized)
    return { kind: 'authorized', reference: authorized.admin_graphql_api_id };
  return payment_gateway_names.includes('Cash on Delivery (COD)') ? { kind: 'on-delivery' } : { kind: 'awaited' };
}
