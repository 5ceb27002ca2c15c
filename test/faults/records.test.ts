import { expect, test } from 'vitest';
import { endedKey } from '../../lambdas/stock/record.ts';
import { setAvailable } from '../../ops/stock/shelves.ts';
import { shop as deployed, publish, testOrder } from '../deployed/deployed-shop.ts';
import { checkAudit } from './check-invariants.ts';
import { checkEveryPayment, placeEveryPayment } from './every-payment.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';
import { readTables, restoreOrder } from './record-tables.ts';
import { sweepFaults, useSweep } from './sweep-function.ts';

const RECORD_DAYS = 200;
const MINUTES_PER_DAY = 24 * 60;

const shop = useHarness();
const sweep = useSweep(shop, { RECORD_DAYS: String(RECORD_DAYS) });

/** Returns how many records there are of each order that has some, in all tables. */
async function recordsByOrder(): Promise<Record<string, number>> {
  const tables = (
    await Promise.all((['orders', 'payments', 'stock', 'notifications', 'shipments'] as const).map(readTables))
  ).flat();
  const ids = [...shop().ledger.orders.keys()];
  const counts = ids.map((id) => [id, tables.filter(({ items }) => items.has(id)).length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

test.each(sweepFaults)(
  'records end with their time, all of an order or none, the shelves add up, and no money moves, when a sweep %s',
  async (_, fault) => {
    const { ledger } = shop();
    const returned = testOrder({ quantity: 3 });
    await ledger.stock(returned.sku, 3);
    // Of a shelf that was counted, the audit knows also whether there is more than came in.
    await setAvailable(deployed, returned.sku, 3);
    await ledger.place([returned]);
    const all = await placeEveryPayment(ledger);
    await shop().settle();
    const items = [{ sku: returned.sku, quantity: 1, restock: true }];
    await publish(ledger.refund(returned, { refundId: 'r-1', amount: 5_000, items }));
    await shop().settle();
    await sweep.runAfter(15);
    const { charges } = await checkEveryPayment(shop(), all);
    const payments = await readTables('payments');
    const orders = await readTables('orders');
    const whole = await recordsByOrder();

    await sweep.runAfter((RECORD_DAYS - 1) * MINUTES_PER_DAY);
    expect(await recordsByOrder()).toEqual(whole);

    await shop().pass(2 * 86_400);
    await sweep.runStruck('TransactWriteItems', fault);
    await sweep.runAfter(5);
    const due = all.refundDue.orderId;
    const left = { [due]: whole[due] };
    expect(await recordsByOrder()).toEqual(left);
    await checkAudit(shop().now);
    const [reservations] = await readTables('stock');
    expect(reservations?.items.get(endedKey(returned.sku))).toMatchObject({ state: 'ended', sold: 3 });

    for (const tables of [payments, orders]) {
      for (const order of ledger.orders.values()) if (order.orderId !== due) await restoreOrder(tables, order);
      await sweep.runAfter(MINUTES_PER_DAY + 1);
      expect(await recordsByOrder()).toEqual(left);
    }
    const state = await observeShop(ledger);
    expect(state.charges).toEqual(charges);
    expect(state.deadLetters).toEqual([]);
  },
);
