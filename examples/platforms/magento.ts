import { toMinorUnits } from './money.ts';
import { type Payment, perPiece, placed } from './placed.ts';

type Decimal = number | string | null;

/** What the mapping reads of an order of Magento or Adobe Commerce (`GET /V1/orders/<id>`). Amounts are numbers. */
export type MagentoOrder = {
  entity_id: number;
  increment_id: string;
  /** In UTC, as `2026-11-26 08:00:00`. */
  created_at: string;
  base_currency_code: string;
  base_grand_total: Decimal;
  base_shipping_amount: Decimal;
  /** Negative; of the shipping, too. */
  base_discount_amount: Decimal;
  base_tax_amount: Decimal;
  base_discount_tax_compensation_amount?: Decimal;
  base_shipping_discount_tax_compensation_amnt?: Decimal;
  base_total_paid?: Decimal;
  coupon_code?: string | null;
  customer_id?: number | null;
  billing_address: { telephone?: string | null };
  items: {
    item_id: number;
    parent_item_id?: number | null;
    sku: string;
    is_virtual: 0 | 1;
    qty_ordered: number;
    base_row_total: Decimal;
  }[];
  payment: { method: string; last_trans_id?: string | null };
  /** Adobe Commerce only. */
  extension_attributes?: { base_gift_cards_amount?: Decimal; base_customer_balance_amount?: Decimal };
};

/** Maps an order of Magento, in the base currency, in which its payment methods charge. `locale` is that of the order's store view. */
export function placedFromMagento(order: MagentoOrder, locale?: string) {
  const currency = order.base_currency_code;
  const units = (decimal?: Decimal) => toMinorUnits(decimal ?? 0, currency);
  const amount = units(order.base_grand_total);
  const { base_gift_cards_amount, base_customer_balance_amount } = order.extension_attributes ?? {};
  const taxOnDiscounts =
    units(order.base_discount_tax_compensation_amount) + units(order.base_shipping_discount_tax_compensation_amnt);
  const parents = new Set(order.items.map(({ parent_item_id }) => parent_item_id));
  return placed('/shop/magento', `${order.created_at.replace(' ', 'T')}Z`, {
    orderId: String(order.entity_id),
    orderNumber: order.increment_id,
    customer: {
      id: order.customer_id?.toString(),
      phone: order.billing_address.telephone ?? undefined,
      locale,
    },
    payment: amount === 0 ? undefined : paymentOf(order, amount, units(order.base_total_paid)),
    // One purchase of a configurable product or a bundle has a parent row, with the price, and child rows, with what leaves the shelf.
    items: order.items.map((row) => ({
      sku: row.sku,
      quantity: row.qty_ordered,
      unitPrice: row.parent_item_id ? 0 : perPiece(units(row.base_row_total), row.qty_ordered),
      tracked: !parents.has(row.item_id) && row.is_virtual === 0,
    })),
    charges: [
      { kind: 'shipping', amount: units(order.base_shipping_amount) },
      { kind: 'discount', label: order.coupon_code ?? undefined, amount: units(order.base_discount_amount) },
      { kind: 'tax', amount: units(order.base_tax_amount) + taxOnDiscounts },
      { kind: 'gift-card', amount: -units(base_gift_cards_amount) },
      { kind: 'gift-card', label: 'store credit', amount: -units(base_customer_balance_amount) },
    ],
    amount,
    currency,
  });
}

const AWAITED = ['banktransfer', 'checkmo', 'purchaseorder'];

function paymentOf({ payment: { method, last_trans_id } }: MagentoOrder, total: number, paid: number): Payment {
  if (method === 'cashondelivery') return { kind: 'on-delivery' };
  if (!last_trans_id || AWAITED.includes(method)) return { kind: 'awaited' };
  return { kind: paid >= total ? 'captured' : 'authorized', reference: last_trans_id };
}
