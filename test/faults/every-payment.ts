import { expect } from 'vitest';
import { cancelRequested, publish, testOrder } from '../deployed/deployed-shop.ts';
import type { Allowances, Observations } from '../harness/invariants.ts';
import type { ShopState, TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import type { Harness } from './harness.ts';
import type { Ledger } from './ledger.ts';

/** How orders end that between them make every call to the gateway: each its status, with the reason of a cancellation. */
const ENDS = {
  captured: ['CONFIRMED'],
  outOfStock: ['CANCELLED out-of-stock'],
  // The request may come too late.
  cancelled: ['CANCELLED customer', 'CONFIRMED'],
  lapsed: ['CANCELLED payment-declined'],
  refunded: ['CANCELLED out-of-stock'],
  refundDue: ['CANCELLED out-of-stock'],
} as const;

/** An order of every way in which a payment ends. */
export type EveryPayment = Record<keyof typeof ENDS, TestOrder>;

/** Places an order of every way in which a payment ends. */
export async function placeEveryPayment(ledger: Ledger): Promise<EveryPayment> {
  const short = { quantity: 2 };
  const orders = {
    captured: testOrder(),
    outOfStock: testOrder(short),
    cancelled: testOrder(),
    lapsed: testOrder({ token: 'tok_lapses' }),
    refunded: testOrder({ ...short, capturedAs: 'pay_1' }),
    refundDue: testOrder({ ...short, capturedAs: 'pay_disputed' }),
  };
  for (const { sku } of Object.values(orders)) await ledger.stock(sku, 1);
  await ledger.place(Object.values(orders));
  await publish(cancelRequested(orders.cancelled.orderId));
  return orders;
}

/** Fails with every broken promise, and with every order that did not end as it had to. */
export async function checkEveryPayment(
  observed: Observations,
  placed: EveryPayment,
  allowances: Allowances = {},
): Promise<ShopState> {
  const refundDue = new Set([placed.refundDue.orderId]);
  const state = await checkInvariants(observed, { refundDue, ...allowances });
  for (const [name, { orderId }] of Object.entries(placed)) {
    const { status, reason } = state.orders.get(orderId) ?? {};
    expect(ENDS[name as keyof EveryPayment], name).toContain([status, reason].filter(Boolean).join(' '));
  }
  return state;
}

/** Allows a second text where a process was killed or frozen between sending one and recording it, the one case in which it may be repeated. */
export function textRepeated({ proxy, ledger }: Harness): Allowances {
  const isStruck = proxy.injected.some(({ call, fault, previous }) =>
    fault.endsWith('after') ? call === 'sns.Publish' : previous === 'sns.Publish',
  );
  return isStruck ? { secondText: new Set(ledger.orders.keys()) } : {};
}
