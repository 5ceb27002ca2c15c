import { sameMoney } from '../../contracts/money.ts';
import { goodsOf, type OrderPlaced, orderPlaced, sameGoods, samePayment } from '../../contracts/order.ts';
import type { Problem } from '../../contracts/parse.ts';
import { paymentAuthorized, paymentCaptured } from '../../contracts/payment.ts';
import { stockReserved } from '../../contracts/stock.ts';
import { isOtherCustomer } from '../runtime/customer-hash.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderInput } from './input.ts';
import type { Order } from './record.ts';

/**
 * Throws `ConflictError` if an event cannot be taken: an order that was already placed, or is known from other consumers, in another way; an
 * outcome that contradicts a confirmed order.
 */
export function rejectConflict(order: Order, event: OrderInput, customer: string | undefined): void {
  const conflict = isOtherCustomer(order.customer, customer) ? OTHER_CUSTOMER : findConflict(order, event);
  if (conflict !== undefined) throw new ConflictError(`Order ${order.orderId} ${conflict.problem}`, conflict.path);
}

/**
 * Tells whether payment or stock took another order under the same id: what was placed, what is authorized and what is reserved do not belong
 * together.
 */
export const isContradictory = ({ total, paid, items, reserved }: Order): boolean =>
  differs(total, paid, sameMoney) || differs(items, reserved, sameGoods);

const OTHER_CUSTOMER: Problem = { path: 'data.customer.id', problem: 'was already placed by another customer' };

/** Returns what of an event contradicts the record: the member, and how. */
function findConflict(order: Order, event: OrderInput): Problem | undefined {
  if (event.type === orderPlaced.type) return placementConflict(order, event.data);
  // Before the decision it makes the decision, and after a cancellation nothing of it is kept.
  if (order.status !== 'CONFIRMED') return undefined;
  switch (event.type) {
    case paymentAuthorized.type:
    case paymentCaptured.type:
      return differs(order.total, event.data, sameMoney)
        ? { path: 'data', problem: 'has another total than was paid' }
        : undefined;
    case stockReserved.type:
      return differs(order.items, event.data.items, sameGoods)
        ? { path: 'data.items', problem: 'has other items than were reserved' }
        : undefined;
    default:
      return undefined;
  }
}

function placementConflict({ total, items, method }: Order, placed: OrderPlaced['data']): Problem | undefined {
  if (differs(total, placed.total, sameMoney))
    return { path: 'data.total', problem: 'was already placed with another total' };
  if (differs(items, goodsOf(placed.items), sameGoods))
    return { path: 'data.items', problem: 'was already placed with other items' };
  // Where there is nothing to pay, it does not matter how. What was taken over from others may lack it.
  if (method !== undefined && placed.total.amount > 0 && !samePayment(method, placed.payment))
    return { path: 'data.payment', problem: 'was already placed with another payment' };
  return undefined;
}

const differs = <T, U>(recorded: T | undefined, received: U | undefined, areSame: (one: T, other: U) => boolean) =>
  recorded !== undefined && received !== undefined && !areSame(recorded, received);
