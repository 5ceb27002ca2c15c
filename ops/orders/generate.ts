import { ulid } from 'ulid';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type OrderPlaced, orderPlaced } from '../../contracts/order.ts';

/** What a generated order shall be like; the rest is chosen. */
export type OrderOptions = { orderId?: string; token?: string; sku?: string; locale?: string; phone?: string };

// Numbers that nobody is texted on: on AWS a real one has to be given.
const PHONES = { ko: '+821012345678', en: '+447700900123' };

/** Gives the order that was wished for: one piece of one SKU for 12,000 won. */
export function generateOrder(wishes: OrderOptions = {}, newId: () => string = ulid): OrderPlaced['data'] {
  const { orderId = `o-${newId()}`, token = 'tok_visa', sku = 'KB-01', locale = 'ko' } = wishes;
  const phone = wishes.phone ?? (locale.startsWith('ko') ? PHONES.ko : PHONES.en);
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
