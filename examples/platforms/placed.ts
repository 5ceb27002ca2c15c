// In your own service: import type { OrderPlaced } from 'shop-messaging/contracts';
import type { OrderPlaced } from '../../contracts/order.ts';

type Order = OrderPlaced['data'];
type Charge = NonNullable<Order['charges']>[number];
type Item = Order['items'][number];

export type Payment = Order['payment'];

/**
 * Builds the event of a placed order. Its id follows from the order's, so a webhook that is delivered twice gives the same event.
 * `amount` is the platform's own total, in minor units. Charges of 0 are dropped, and those that `balance` finds are added.
 */
export function placed(
  source: string,
  time: string,
  { amount, currency, charges, ...order }: Omit<Order, 'total' | 'charges'> & Order['total'] & { charges: Charge[] },
): OrderPlaced {
  const total = { amount, currency };
  const data = { ...order, charges: balance(order.items, charges, amount), total };
  return { specversion: '1.0', id: `${order.orderId}/placed`, source, type: 'shop.order.placed.v1', time, data };
}

/**
 * Adds a charge `rounding` where prices per piece, or amounts with more decimals than the currency has, do not add up to the total.
 * Throws `RangeError` where rounding cannot explain the difference: the mapping forgot something that the customer pays.
 */
function balance(items: readonly Item[], charges: readonly Charge[], total: number): Charge[] {
  const pieces = items.reduce((sum, { quantity }) => sum + quantity, 0);
  const sum = sumOf(items.map(({ quantity, unitPrice }) => quantity * unitPrice)) + sumOf(charges.map(amountOf));
  const missing = total - sum;
  if (Math.abs(missing) > (pieces + charges.length) / 2)
    throw new RangeError(`The lines and charges add up to ${sum}, but the platform's total is ${total}`);
  return [...charges, { kind: 'rounding' as const, amount: missing }].filter(({ amount }) => amount !== 0);
}

const amountOf = ({ amount }: Charge) => amount;

export const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

/** Returns the price per piece of a line that the platform gives as a sum. `balance` makes up for what the division leaves. */
export const perPiece = (sum: number, quantity: number): number => Math.round(sum / quantity);
