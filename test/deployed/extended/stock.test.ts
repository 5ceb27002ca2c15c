import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { loadOrderRecords } from '../../../ops/orders/records.ts';
import { buildTrace } from '../../../ops/orders/trace.ts';
import { traceText } from '../../../ops/orders/trace-text.ts';
import { parseStockFile } from '../../../ops/stock/csv.ts';
import { receiptOf, receiptsOf, sendReceipts } from '../../../ops/stock/receipts.ts';
import { decided, eventually, orderOf, placed, publish, setStock, shelfOf, shop, testOrder } from '../deployed-shop.ts';

type Line = { sku?: string; quantity: number; unitPrice: number; tracked?: boolean };

/** Places an order of the given lines, and returns its id. */
async function place(items: readonly Line[]): Promise<string> {
  const message = placed(testOrder());
  const amount = items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
  await publish({ ...message, data: { ...message.data, items, total: { amount, currency: 'KRW' } } });
  return message.data.orderId;
}

const waiting = { waitSeconds: 60, onProgress: () => {} };

describe('goods of the deployed shop', () => {
  test('that came in are added once per receipt, to a new shelf too', async () => {
    const sku = `의자 ${ulid()}`;
    const receipt = receiptOf(sku, 40, `GR#${ulid()}`);
    expect(await sendReceipts(shop, [receipt], waiting)).toEqual({ sent: 1, takenBefore: 0, waiting: 0 });
    expect(await sendReceipts(shop, [receipt], waiting)).toEqual({ sent: 0, takenBefore: 1, waiting: 0 });
    const other = { ...receipt, items: [{ sku, quantity: 41 }] };
    await expect(sendReceipts(shop, [other], waiting)).rejects.toThrow('was taken before with other items');
    expect(await shelfOf(sku)).toEqual({ sku, available: 40, reserved: 0, sold: 0 });
  });

  test('of a file are added once per content, in receipts of 99 SKUs', async () => {
    const mark = ulid();
    const file = parseStockFile(Array.from({ length: 150 }, (_, index) => `${mark}-${index},${index + 1}`).join('\n'));
    expect(await sendReceipts(shop, receiptsOf(file), waiting)).toMatchObject({ sent: 2, waiting: 0 });
    expect(await sendReceipts(shop, receiptsOf(file), waiting)).toMatchObject({ sent: 0, takenBefore: 2 });
    expect(await shelfOf(`${mark}-0`)).toMatchObject({ available: 1 });
    expect(await shelfOf(`${mark}-149`)).toMatchObject({ available: 150 });
  });

  test('that are short are named with what there is, and apart where there is no such SKU', async () => {
    const [known, unknown] = [`A-${ulid()}`, `Z-${ulid()}`];
    await setStock(known, 1);
    const orderId = await place([
      { sku: known, quantity: 3, unitPrice: 100 },
      { sku: unknown, quantity: 1, unitPrice: 100 },
    ]);
    expect(await decided(orderId)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
    const short = [
      { sku: known, quantity: 3, available: 1 },
      { sku: unknown, quantity: 1, available: 0, unknown: true },
    ];
    const records = (await loadOrderRecords(shop, [orderId])).get(orderId) ?? {};
    const trace = buildTrace(records);
    expect(trace?.short).toEqual(short);
    expect(trace && traceText(trace)).toContain(`${known}: 3 ordered, 1 available; ${unknown}: 1 ordered, no such SKU`);
  });

  test('leave the shelf for tracked lines alone, and an order without any is confirmed', async () => {
    const sku = `A-${ulid()}`;
    await setStock(sku, 5);
    const wrapping = { quantity: 1, unitPrice: 500, tracked: false };
    const mixed = await place([{ sku, quantity: 2, unitPrice: 1_000 }, wrapping, { sku, quantity: 1, unitPrice: 0 }]);
    const services = await place([wrapping]);
    expect(await decided(mixed)).toMatchObject({ status: 'CONFIRMED', items: [{ sku, quantity: 3 }] });
    expect(await decided(services)).toMatchObject({ status: 'CONFIRMED', items: [] });
    await eventually('the goods are sold', async () => (await shelfOf(sku))?.sold === 3);
    expect(await orderOf(services)).toMatchObject({ stock: 'reserved', reserved: [] });
  });
});
