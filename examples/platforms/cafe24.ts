import { toMinorUnits } from './money.ts';
import { type Payment, placed, sumOf } from './placed.ts';

type Amounts = {
  shipping_fee: string;
  shipping_fee_discount_amount: string;
  coupon_shipping_fee_amount: string;
  coupon_discount_price: string;
  membership_discount_amount: string;
  set_product_discount_amount: string;
  app_discount_amount: string;
  points_spent_amount: string;
  credits_spent_amount: string;
  total_amount_due: string;
  payment_amount: string;
};

/** What the mapping reads of an order of Cafe24's Admin API (`GET orders/<id>?embed=items,buyer`). Amounts are decimal strings. */
export type Cafe24Order = {
  order_id: string;
  order_date: string;
  currency: string;
  member_id: string | null;
  paid: 'T' | 'F';
  payment_method: string[];
  initial_order_amount: Amounts;
  buyer: { cellphone: string | null; phone: string | null };
  items: {
    variant_code: string;
    custom_variant_code: string | null;
    quantity: number;
    product_price: string;
    option_price: string;
    additional_discount_price: string;
  }[];
};

/** Maps an order of Cafe24. `languageCode` is that of the order's shop (`GET shops/<shop_no>`), such as `ko_KR`. */
export function placedFromCafe24(order: Cafe24Order, languageCode?: string) {
  const { currency, initial_order_amount: amounts } = order;
  const units = (decimal: string) => toMinorUnits(decimal, currency);
  const amount = units(order.paid === 'T' ? amounts.payment_amount : amounts.total_amount_due);
  const discounts = [
    amounts.shipping_fee_discount_amount,
    amounts.membership_discount_amount,
    amounts.set_product_discount_amount,
    amounts.app_discount_amount,
    ...order.items.map(({ additional_discount_price }) => additional_discount_price),
  ];
  return placed('/shop/cafe24', order.order_date, {
    orderId: order.order_id,
    customer: {
      // A guest has none.
      id: order.member_id || undefined,
      phone: order.buyer.cellphone || order.buyer.phone || undefined,
      locale: languageCode,
    },
    payment: amount === 0 ? undefined : paymentOf(order),
    items: order.items.map(({ custom_variant_code, variant_code, quantity, product_price, option_price }) => ({
      sku: custom_variant_code || variant_code,
      quantity,
      unitPrice: units(product_price) + units(option_price),
    })),
    charges: [
      { kind: 'shipping', amount: units(amounts.shipping_fee) },
      {
        kind: 'discount',
        label: 'coupons',
        amount: -units(amounts.coupon_discount_price) - units(amounts.coupon_shipping_fee_amount),
      },
      { kind: 'discount', amount: -sumOf(discounts.map(units)) },
      { kind: 'discount', label: 'points', amount: -units(amounts.points_spent_amount) },
      { kind: 'gift-card', label: 'credits', amount: -units(amounts.credits_spent_amount) },
    ],
    amount,
    currency,
  });
}

function paymentOf({ payment_method, paid, order_id }: Cafe24Order): Payment {
  if (payment_method.includes('cod')) return { kind: 'on-delivery' };
  // Cafe24 refunds a payment by the order's id. Unpaid are `cash` (bank transfer) and `icash` (virtual account).
  return paid === 'T' ? { kind: 'captured', reference: order_id } : { kind: 'awaited' };
}
