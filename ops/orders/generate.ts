import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderPlaced, orderPlaced } from '../../contracts/order.ts';

/** The parts of a generated order that can be chosen. */
export type OrderOptions = { orderId?: string; token?: string; sku?: string; locale?: string; phone?: string };

// Reserved or made-up numbers; on AWS, where texts are sent, the number has to be given.
const PHONES = { ko: '+821012345678', en: '+447700900123' };

/** Generates an order of one piece of one SKU for 12,000 won. */
export function generateOrder(options: OrderOptions = {}, newId: () => string = ulid): OrderPlaced['data'] {
  const { orderId = `o-${newId()}`, token = 'tok_visa', sku = 'KB-01', locale = 'ko' } = options;
  const phone = options.phone ?? (locale.startsWith('ko') ? PHONES.ko : PHONES.en);
  return {
    orderId,
    customer: { id: `c-${orderId}`, phone, locale },
    payment: { token },
    items: [{ sku, quantity: 1, unitPrice: 12_000 }],
    total: { amount: 12_000, currency: 'KRW' },
  };
}

/** Wraps an order in the event that an existing service would publish, with a new id. */
export function orderPlacedEvent(data: OrderPlaced['data'], now = new Date(), newId: () => string = ulid): OrderPlaced {
  return buildEvent(orderPlaced, {
    id: newId(),
    source: '/shop/checkout',
    time: now.toISOString(),
    subject: data.orderId,
    data,
  });
}
