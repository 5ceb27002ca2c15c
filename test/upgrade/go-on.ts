import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Reservation } from '../../lambdas/stock/record.ts';
import {
  cancelRequested,
  eventually,
  orderOf,
  output,
  publish,
  publishAll,
  refundRequested,
  shipped,
  tables,
} from '../deployed/deployed-shop.ts';
import { auditNow } from '../faults/check-invariants.ts';
import type { RefundRequest, TestOrder } from '../harness/shop-state.ts';
import { EVERY_PAYMENT, type Settled } from './before.ts';
import type { Cohort, KindName } from './cohort.ts';
import { RECEIVERS, waitUntilHandled } from './messages.ts';

/** Ships, cancels and refunds orders that the older version had confirmed, and those in the shapes of even older ones. */
export async function goOn(cohort: Cohort, settled: Settled, older: ReadonlyMap<string, TestOrder>): Promise<void> {
  const { done, quiet, late } = settled;
  const of = (kind: KindName) => known(done[EVERY_PAYMENT.indexOf(kind)]);
  const [paid, held] = [known(done[EVERY_PAYMENT.length]), of('held')];
  await ship(cohort, held);
  await refund(cohort, quiet, {
    refundId: 'r-1',
    amount: 5_000,
    items: [{ sku: quiet.sku, quantity: 1, restock: true }],
  });
  await refund(cohort, paid, { refundId: 'r-1', amount: 2_000 });

  // What it is on record to have wanted long ago has not cancelled it; what it wants now does.
  expect((await orderOf(late.orderId))?.status).toBe('CONFIRMED');
  cohort.endAs(late, 'cancelledCharged');
  cohort.endAs(of('charged'), 'cancelledCharged');
  cohort.endAs(of('onDelivery'), 'onDeliveryCancelled');
  const cancelled = [late, of('charged'), of('onDelivery')];
  for (const [file, kind] of CANCELLED_AFTERWARDS) {
    const order = older.get(file);
    if (order === undefined) continue;
    cohort.endAs(order, kind);
    cancelled.push(order);
  }
  await publishAll([...cancelled, held].map(({ orderId }) => cancelRequested(orderId)));
  await cohort.waitForEnds();
  await waitUntilHandled(RECEIVERS);
  const touched = new Set([...cancelled, held, quiet, paid].map(({ orderId }) => orderId));
  const { disagreeing } = await auditNow();
  expect(disagreeing.filter(({ orderId }) => touched.has(orderId))).toEqual([]);
}

/** Orders of the fixtures that are cancelled after their confirmation, and as what they end then. */
const CANCELLED_AFTERWARDS: readonly (readonly [string, KindName])[] = [
  ['order-confirmed-by-0.2.0', 'cancelledCharged'],
  ['order-payment-not-needed', 'onDeliveryCancelledBefore'],
  ['payment-charged-when-placed', 'cancelledCharged'],
];

function known(order: TestOrder | undefined): TestOrder {
  if (order === undefined) throw new Error('There is no such order');
  return order;
}

async function ship(cohort: Cohort, { orderId }: TestOrder): Promise<void> {
  cohort.shipped.add(orderId);
  await publish(shipped(orderId));
  await eventually(`everybody knows that ${orderId} left`, async () => {
    const [order, payment, reservation] = await Promise.all([orderOf(orderId), ...recordsOf(orderId)]);
    return order?.dispatched && payment?.dispatched && reservation?.dispatched;
  });
}

async function refund(cohort: Cohort, { orderId }: TestOrder, request: RefundRequest): Promise<void> {
  cohort.refunds.set(orderId, [request]);
  await publish(refundRequested(orderId, request));
  await eventually(`${orderId} is refunded`, async () => {
    const [payment, reservation] = await Promise.all(recordsOf(orderId));
    const money = payment?.refunds?.some(({ state }) => state === 'done' || state === 'due');
    return money && (request.items === undefined || reservation?.returned !== undefined);
  });
}

function recordsOf(orderId: string) {
  const read = async (table: string) =>
    (await tables.send(new GetCommand({ TableName: output(table), Key: { orderId }, ConsistentRead: true }))).Item;
  return [
    read('PaymentsTableName') as Promise<Payment | undefined>,
    read('ReservationsTableName') as Promise<Reservation | undefined>,
  ] as const;
}
