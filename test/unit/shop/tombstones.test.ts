import { describe, expect, test } from 'vitest';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../../lambdas/payment/rules.ts';
import { TOMBSTONE_DAYS } from '../../../lambdas/runtime/tombstone.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, cancelRequested, confirmed, placed, rejected, reserved } from '../../builders/events.ts';

const now = new Date('2026-11-21T09:00:00Z');
const EXPIRED_AT = now.getTime() / 1000 + TOMBSTONE_DAYS * 86_400;

const orderAfter = (...events: OrderInput[]) =>
  events.reduce<Order | undefined>((order, event) => nextOrder(order, delivery(event), now).after ?? order, undefined);
const paymentAfter = (...events: PaymentInput[]) =>
  events.reduce<Payment | undefined>(
    (payment, event) => nextPayment(payment, delivery(event), now).after ?? payment,
    undefined,
  );

// Stock and notification have the same tests beside their own states.
describe('The tombstone of an order that has not come', () => {
  test.each<[string, { expiresAt?: number } | undefined, { expiresAt?: number } | undefined]>([
    ['order', orderAfter(cancelRequested()), orderAfter(cancelRequested(), placed())],
    ['payment', paymentAfter(cancelled()), paymentAfter(cancelled(), placed())],
  ])('expires after 120 days, and no more once the order has come: %s', (_, tombstone, order) => {
    expect(TOMBSTONE_DAYS).toBe(120);
    expect(tombstone?.expiresAt).toBe(EXPIRED_AT);
    expect(order).toBeDefined();
    expect(order).not.toHaveProperty('expiresAt');
  });

  test('is the only record that expires', () => {
    const records = [
      orderAfter(placed()),
      orderAfter(placed(), cancelRequested()),
      orderAfter(rejected()),
      orderAfter(reserved(), placed()),
      paymentAfter(placed()),
      paymentAfter(placed(), cancelled()),
      paymentAfter(confirmed()),
      paymentAfter(placed(), confirmed(), cancelled()),
    ];
    for (const record of records) {
      expect(record).toBeDefined();
      expect(record).not.toHaveProperty('expiresAt');
    }
  });
});
