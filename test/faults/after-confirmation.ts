import { expect } from 'vitest';
import { orderCancelRefused, orderCancelRequested } from '../../contracts/order.ts';
import { paymentRefundRefused } from '../../contracts/payment.ts';
import { cancelRequested, testOrder } from '../deployed/deployed-shop.ts';
import type { Allowances } from '../harness/invariants.ts';
import type { RefundRequest, ShopState, TestOrder } from '../harness/shop-state.ts';
import type { BusMessages } from './bus-messages.ts';
import { checkInvariants } from './check-invariants.ts';
import type { Harness } from './harness.ts';
import type { Ledger } from './ledger.ts';

const PIECES = 2;

/** Asks for the money of one piece, which came back. */
export const onePiece = ({ sku, unitPrice }: TestOrder, refundId: string, restock: boolean): RefundRequest => ({
  refundId,
  amount: unitPrice,
  items: [{ sku, quantity: 1, restock }],
});

type Ask = (ledger: Ledger, order: TestOrder) => object;
const cancel: Ask = (_, { orderId }) => cancelRequested(orderId);
const ship: Ask = (ledger, order) => ledger.ship(order);
const giveBack =
  (refundId: string, restock: boolean): Ask =>
  (ledger, order) =>
    ledger.refund(order, onePiece(order, refundId, restock));
const refund =
  (refundId: string, pieces: number): Ask =>
  (ledger, order) =>
    ledger.refund(order, { refundId, amount: pieces * order.unitPrice });
const takeBack =
  (refundId: string): Ask =>
  (ledger, order) =>
    ledger.refund(order, { ...onePiece(order, refundId, true), amount: 0 });

/** What may be asked of an order at any time. */
export const ASKS = { cancel, ship, giveBack: giveBack('r-1', true) } as const;
export type AskName = keyof typeof ASKS;

/** What is asked of a confirmed order at once, and how it may end. */
type Case = { parts?: Partial<TestOrder>; asks: readonly Ask[]; ends: readonly ('CONFIRMED' | 'CANCELLED')[] };

const CASES = {
  cancelled: { asks: [cancel], ends: ['CANCELLED'] },
  cancelledTwice: { asks: [cancel, cancel], ends: ['CANCELLED'] },
  cancelledElsewhere: { parts: { capturedAs: 'pay_1' }, asks: [cancel], ends: ['CANCELLED'] },
  cancelledOnDelivery: { parts: { payment: { kind: 'on-delivery' } }, asks: [cancel], ends: ['CANCELLED'] },
  shipped: { asks: [ship, ship], ends: ['CONFIRMED'] },
  shippedOrCancelled: { asks: [ship, cancel], ends: ['CONFIRMED', 'CANCELLED'] },
  cancelledOrShipped: { asks: [cancel, ship], ends: ['CONFIRMED', 'CANCELLED'] },
  refundedPartly: { asks: [giveBack('r-1', true)], ends: ['CONFIRMED'] },
  refundedWholly: { asks: [giveBack('r-1', true), giveBack('r-2', false)], ends: ['CONFIRMED'] },
  refundedBeyond: { asks: [giveBack('r-1', false), refund('r-2', PIECES)], ends: ['CONFIRMED'] },
  refundedOrCancelled: { asks: [giveBack('r-1', true), cancel], ends: ['CANCELLED'] },
  cancelledOrRefunded: { asks: [cancel, giveBack('r-1', false)], ends: ['CANCELLED'] },
  shippedAndRefunded: { asks: [ship, giveBack('r-1', true)], ends: ['CONFIRMED'] },
  refundDue: { parts: { capturedAs: 'pay_disputed' }, asks: [refund('r-1', 1)], ends: ['CONFIRMED'] },
  refundedOnDelivery: { parts: { payment: { kind: 'on-delivery' } }, asks: [refund('r-1', 1)], ends: ['CONFIRMED'] },
  goodsBack: { asks: [takeBack('r-1')], ends: ['CONFIRMED'] },
} as const satisfies Record<string, Case>;

type Name = keyof typeof CASES;
const NAMES = Object.keys(CASES) as Name[];

/** A confirmed order of every case. */
export type Confirmed = Record<Name, TestOrder>;

/** Places an order of every case, and lets everybody work until they are confirmed and done with. */
export async function confirmEveryCase(shop: Harness): Promise<Confirmed> {
  const orders = Object.fromEntries(
    NAMES.map((name) => [name, testOrder({ quantity: PIECES, ...(CASES[name] as Case).parts })]),
  ) as Confirmed;
  for (const { sku } of Object.values(orders)) await shop.ledger.stock(sku, PIECES);
  await shop.ledger.place(Object.values(orders));
  await shop.settle();
  for (const { orderId } of Object.values(orders)) expect(shop.statuses.get(orderId)?.at(-1)).toBe('CONFIRMED');
  return orders;
}

/** Notes and returns what is asked of every order, in the sequence of the cases. */
export const everyRequest = ({ ledger }: Harness, orders: Confirmed): object[] =>
  NAMES.flatMap((name) => CASES[name].asks.map((ask) => ask(ledger, orders[name])));

/** Fails with every broken promise, with every order that did not end as it had to, and with every request whose publisher was not told. */
export async function checkEveryCase(
  shop: Harness,
  bus: BusMessages,
  { orders, requests }: { orders: Confirmed; requests: readonly object[] },
  allowances: Allowances = {},
): Promise<ShopState> {
  const refundDue = new Set([orders.refundDue.orderId]);
  const state = await checkInvariants(shop, { refundDue, ...allowances });
  for (const name of NAMES) expect(CASES[name].ends, name).toContain(state.orders.get(orders[name].orderId)?.status);
  checkTold(bus, state, requests);
  return state;
}

type Request = { id: string; source: string; type: string; data: { orderId: string; refundId?: string } };

/** Fails unless a request to cancel either took effect or was refused on the bus, and a refused refund was refused there too. */
export function checkTold(bus: BusMessages, { orders, deadLetters }: ShopState, requests: readonly object[]): void {
  for (const { id, source, type, data } of requests as Request[]) {
    if (type !== orderCancelRequested.type) continue;
    const steps = orders.get(data.orderId)?.timeline ?? [];
    const tookEffect = steps.some((step) => step.type === type && step.id === `${source} ${id}`);
    const refused = bus.of(data.orderId, orderCancelRefused.type).some((event) => event.data.id === id);
    expect(refused, `${data.orderId}: the request ${id} ${tookEffect ? 'took effect' : 'changed nothing'}`).toBe(
      !tookEffect,
    );
  }
  for (const { consumer, body } of deadLetters) {
    const { data } = JSON.parse(body) as Request;
    if (consumer !== 'payment' || data.refundId === undefined) continue;
    const refused = bus.of(data.orderId, paymentRefundRefused.type).map((event) => event.data.refundId);
    expect(refused, `${data.orderId}: the refused refund`).toContain(data.refundId);
  }
}
