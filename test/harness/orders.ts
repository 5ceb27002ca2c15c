import type { TestOrder } from './shop-state.ts';

/** Builds the message by which an existing service places an order of one line. */
export const placedMessage = (order: TestOrder, id: string) => {
  const { orderId, sku, quantity, token, phone, locale, unitPrice, customerId = 'c-7', capturedAs } = order;
  const money = capturedAs === undefined ? { token } : { kind: 'captured' as const, reference: capturedAs };
  return {
    id,
    source: '/shop/checkout',
    type: 'shop.order.placed.v1',
    data: {
      orderId,
      customer: { id: customerId, phone, locale },
      payment: order.payment ?? money,
      items: [{ sku, quantity, unitPrice }],
      total: { amount: quantity * unitPrice, currency: 'KRW' },
    },
  };
};
