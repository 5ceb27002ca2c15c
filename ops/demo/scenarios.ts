import type { Template } from '../../contracts/notification.ts';
import { type CancelReason, goodsOf, type Line, type OrderPlaced } from '../../contracts/order.ts';
import type { PaymentState } from '../../lambdas/payment/record.ts';
import { generateOrder } from '../orders/generate.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';

/** The expected end of an order: its status, the state of its payment, what the gateway has on record of it, and the texts about it. */
export type ExpectedEndState = {
  status: 'CONFIRMED' | 'CANCELLED';
  reason?: CancelReason;
  payment: PaymentState;
  money: readonly GatewayRecord['kind'][];
  texts: readonly Template[];
};

/** What is asked for once an order is confirmed, paid and texted about: its cancellation, or a refund of a part with goods for the shelf. */
export type AfterConfirmation =
  | { kind: 'cancel' }
  | { kind: 'refund'; refundId: string; amount: number; items: Line[] };

/** One order of the demonstration: what it shows, how it is published, and how it must end. Its id ends with `name`. */
export type Scenario = {
  name: string;
  story: string;
  order: OrderPlaced['data'];
  publish: 'once' | 'repeatedly' | 'cancelled-first';
  afterConfirmation?: AfterConfirmation;
  expected: ExpectedEndState;
};

/** The pieces per SKU that are available when the demonstration starts. */
export const INITIAL_STOCK = { 'KB-01': 100, 'MS-02': 100, 'SOLD-OUT': 0 } as const;

const confirmed: ExpectedEndState = {
  status: 'CONFIRMED',
  payment: 'captured',
  money: ['authorization', 'capture'],
  texts: ['order-confirmed'],
};

const cancelled = ['order-cancelled'] as const;

const confirmedOrder = (name: string, story: string, order: OrderPlaced['data']): Scenario => ({
  name,
  story,
  order,
  publish: 'once',
  expected: confirmed,
});

/** Builds one order for every end state, and some of an ordinary day; `run` makes their ids unique. */
export function demoScenarios(run: string, phone?: string): Scenario[] {
  const contact = phone === undefined ? {} : { phone };
  const korean = (name: string) => generateOrder({ orderId: `demo-${run}-${name}`, locale: 'ko', ...contact });
  const english = (name: string): OrderPlaced['data'] => ({
    ...generateOrder({ orderId: `demo-${run}-${name}`, locale: 'en-GB', ...contact }),
    items: [
      { sku: 'KB-01', quantity: 1, unitPrice: 7_950 },
      { sku: 'MS-02', quantity: 2, unitPrice: 2_475 },
    ],
    total: { amount: 12_900, currency: 'EUR' },
  });
  const ordinary = english('fee');
  const { customer: _, ...guest } = korean('guest');
  const declined = korean('declined');
  const outOfStock = english('no-stock');
  return [
    confirmedOrder('ko', 'confirmed, customer reads Korean', korean('ko')),
    confirmedOrder('en', 'confirmed, customer reads English', english('en')),
    confirmedOrder('fee', 'confirmed, with a shipping fee and a coupon', {
      ...ordinary,
      orderNumber: '#1029',
      charges: [
        { kind: 'shipping', amount: 490, label: 'Standard' },
        { kind: 'discount', amount: -1_000, label: 'WELCOME10' },
      ],
      total: { amount: 12_390, currency: 'EUR' },
    }),
    confirmedOrder('guest', 'confirmed, a guest without a phone', guest),
    {
      name: 'declined',
      story: 'card declined',
      order: { ...declined, payment: { token: 'tok_declined' } },
      publish: 'once',
      expected: { status: 'CANCELLED', reason: 'payment-declined', payment: 'declined', money: [], texts: cancelled },
    },
    {
      name: 'no-stock',
      story: 'out of stock, so nothing is charged',
      order: {
        ...outOfStock,
        items: outOfStock.items.map((item) => (item.sku === 'MS-02' ? { ...item, sku: 'SOLD-OUT' } : item)),
      },
      publish: 'once',
      expected: {
        status: 'CANCELLED',
        reason: 'out-of-stock',
        payment: 'voided',
        money: ['authorization', 'void'],
        texts: cancelled,
      },
    },
    {
      name: 'customer',
      story: 'cancelled by the customer before it came',
      order: english('customer'),
      publish: 'cancelled-first',
      expected: { status: 'CANCELLED', reason: 'customer', payment: 'voided', money: [], texts: cancelled },
    },
    { ...confirmedOrder('repeated', 'published three times', korean('repeated')), publish: 'repeatedly' },
    {
      name: 'late',
      story: 'cancelled by the customer after its confirmation',
      order: korean('late'),
      publish: 'once',
      afterConfirmation: { kind: 'cancel' },
      expected: {
        status: 'CANCELLED',
        reason: 'customer',
        payment: 'refunded',
        money: ['authorization', 'capture', 'refund'],
        texts: ['order-confirmed', 'order-cancelled'],
      },
    },
    {
      name: 'return',
      story: 'one of its pieces refunded, and back on the shelf',
      order: english('return'),
      publish: 'once',
      afterConfirmation: {
        kind: 'refund',
        refundId: 'r-1',
        amount: 2_475,
        items: [{ sku: 'MS-02', quantity: 1 }],
      },
      expected: {
        ...confirmed,
        money: ['authorization', 'capture', 'refund'],
        texts: ['order-confirmed', 'order-refunded'],
      },
    },
  ];
}

/** What happens to one SKU in a demonstration, in pieces: sold by confirmed orders, and back on the shelf of what was sold. */
export type ShelfMovement = { sold: number; returned: number };

/** Returns what the orders do to each SKU. */
export function expectedMovements(scenarios: readonly Scenario[]): Map<string, ShelfMovement> {
  const movements = new Map<string, ShelfMovement>();
  const add = (lines: readonly Line[], key: keyof ShelfMovement) => {
    for (const { sku, quantity } of lines) {
      const before = movements.get(sku) ?? { sold: 0, returned: 0 };
      movements.set(sku, { ...before, [key]: before[key] + quantity });
    }
  };
  for (const { order, expected, afterConfirmation } of scenarios) {
    if (expected.status !== 'CONFIRMED') continue;
    add(goodsOf(order.items), 'sold');
    if (afterConfirmation?.kind === 'refund') add(afterConfirmation.items, 'returned');
  }
  return movements;
}
