import { toMinorUnits } from './money.ts';
import { type Payment, placed, sumOf } from './placed.ts';

type Money = { centAmount: number; currencyCode: string; fractionDigits: number };
type Discounts = { discountedPrice: { includedDiscounts: { discountedAmount: Money }[] }; quantity: number }[];
type Line = { quantity: number; discountedPricePerQuantity: Discounts };

/** A payment, as `expand=paymentInfo.payments[*]` adds it to the order. */
type PaymentObject = {
  interfaceId?: string;
  paymentMethodInfo: { method?: string };
  transactions: { type: string; state: string; interactionId?: string }[];
};

/** What the mapping reads of an order of commercetools. */
export type CommercetoolsOrder = {
  id: string;
  orderNumber?: string;
  createdAt: string;
  customerId?: string;
  locale?: string;
  lineItems: (Line & {
    productId: string;
    variant: { id: number; sku?: string };
    price: { value: Money; discounted?: { value: Money } };
  })[];
  /** Such as a gift wrapping: added by the shop, without a product. */
  customLineItems: (Line & { slug: string; money: Money })[];
  shippingInfo?: { price: Money; discountedPrice?: { value: Money } };
  discountOnTotalPrice?: { discountedAmount: Money };
  /** With the tax only where it is included in the prices. */
  totalPrice: Money;
  taxedPrice?: { totalGross: Money };
  paymentInfo?: { payments: { obj?: PaymentObject }[] };
  shippingAddress?: { phone?: string; mobile?: string };
};

/** Maps an order of commercetools. */
export function placedFromCommercetools(order: CommercetoolsOrder) {
  const { lineItems, customLineItems, shippingInfo, totalPrice, taxedPrice } = order;
  const currency = totalPrice.currencyCode;
  const units = (money?: Money) =>
    money === undefined ? 0 : toMinorUnits(`${money.centAmount}e-${money.fractionDigits}`, currency);
  const discounts = [...lineItems, ...customLineItems].flatMap(({ discountedPricePerQuantity }) =>
    discountedPricePerQuantity.flatMap(({ quantity, discountedPrice }) =>
      discountedPrice.includedDiscounts.map(({ discountedAmount }) => quantity * units(discountedAmount)),
    ),
  );
  const amount = units(taxedPrice?.totalGross ?? totalPrice);
  const shippingPrice = units(shippingInfo?.price);
  const shippingDiscount = shippingInfo?.discountedPrice && shippingPrice - units(shippingInfo.discountedPrice.value);
  return placed('/shop/commercetools', order.createdAt, {
    orderId: order.id,
    orderNumber: order.orderNumber,
    // An order of a guest has an `anonymousId` instead of the customer's.
    customer: { id: order.customerId, phone: phoneOf(order), locale: order.locale },
    payment: amount === 0 ? undefined : paymentOf(order),
    items: [
      ...lineItems.map(({ productId, variant, quantity, price }) => {
        const unitPrice = units(price.discounted?.value ?? price.value);
        return { sku: variant.sku ?? `${productId}/${variant.id}`, quantity, unitPrice };
      }),
      ...customLineItems.map((l) => ({ sku: l.slug, quantity: l.quantity, unitPrice: units(l.money), tracked: false })),
    ],
    charges: [
      { kind: 'shipping', amount: shippingPrice },
      { kind: 'discount', label: 'shipping', amount: -(shippingDiscount ?? 0) },
      { kind: 'discount', amount: -sumOf(discounts) - units(order.discountOnTotalPrice?.discountedAmount) },
      { kind: 'tax', amount: amount - units(totalPrice) },
    ],
    amount,
    currency,
  });
}

const phoneOf = ({ shippingAddress }: CommercetoolsOrder) => shippingAddress?.mobile ?? shippingAddress?.phone;

function paymentOf({ paymentInfo }: CommercetoolsOrder): Payment {
  for (const { obj: payment } of paymentInfo?.payments ?? []) {
    const find = (type: string) => payment?.transactions.find((one) => one.type === type && one.state === 'Success');
    const [charge, authorization] = [find('Charge'), find('Authorization')];
    const reference = payment?.interfaceId ?? (charge ?? authorization)?.interactionId;
    if (charge && reference) return { kind: 'captured', reference };
    if (authorization && reference) return { kind: 'authorized', reference };
    if (payment?.paymentMethodInfo.method === 'cash-on-delivery') return { kind: 'on-delivery' };
  }
  return { kind: 'awaited' };
}
