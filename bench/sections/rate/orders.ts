import { buildEvent } from '../../../contracts/cloud-event.ts';
import { type OrderPlaced, orderPlaced } from '../../../contracts/order.ts';
import type { Contestant } from '../../figure.ts';
import { skus } from './shop.ts';

let runs = 0;

/** Takes a contestant and gives what the ids of its next run's orders begin with. */
export function newPrefix(contestant: Contestant): string {
  runs += 1;
  return `o-${contestant}-r${runs}`;
}

/** Takes what the orders' ids begin with and a number and gives that many placed orders, one piece of one of fifty SKUs each. */
export function placedOrders(prefix: string, count: number): OrderPlaced[] {
  return Array.from({ length: count }, (_, index) => {
    const orderId = `${prefix}-${index}`;
    return buildEvent(orderPlaced, {
      id: `e-${orderId}`,
      source: '/shop/checkout',
      time: new Date().toISOString(),
      subject: orderId,
      data: {
        orderId,
        customer: { id: `c-${index}`, phone: `+8210${String(index).padStart(8, '0')}`, locale: 'ko' },
        payment: { token: 'tok_visa' },
        items: [{ sku: skus[index % skus.length] ?? '', quantity: 1, unitPrice: 12_000 }],
        total: { amount: 12_000, currency: 'KRW' },
      },
    });
  });
}
