import '../provided.ts';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import type { AuditReport } from '../../../ops/audit/format.ts';
import {
  capturedOnce,
  chargesOf,
  eventually,
  orderOf,
  output,
  paymentIs,
  placed,
  publish,
  setStock,
  shipmentOf,
  tables,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from '../deployed-shop.ts';
import { runOps } from '../ops.ts';

type Audited = { code: number; report: AuditReport; said: string };

/** Runs `ops audit`; fails where it prints no report. */
async function audit(...options: string[]): Promise<Audited> {
  const { code, said, result } = await runOps('audit', '--rate', '5000', ...options);
  if (result === undefined) throw new Error(said);
  return { code, report: result, said };
}

async function set(table: string, orderId: string, changes: Record<string, unknown>): Promise<void> {
  const names = Object.keys(changes);
  await tables.send(
    new UpdateCommand({
      TableName: output(table),
      Key: { orderId },
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, changes[name]])),
    }),
  );
}

/** Writes down that all that happened to a confirmed order happened an hour earlier, so that nobody is at work on it. */
async function age(orderId: string): Promise<void> {
  const earlier = (time: string) => new Date(Date.parse(time) - 3_600_000).toISOString();
  const [order, shipment] = [await orderOf(orderId), await shipmentOf(orderId)];
  const time = earlier(new Date().toISOString());
  await set('OrdersTableName', orderId, {
    timeline: order?.timeline.map((entry) => ({ ...entry, time: earlier(entry.time) })),
  });
  for (const table of ['PaymentsTableName', 'ReservationsTableName']) await set(table, orderId, { time });
  await set('ShipmentsTableName', orderId, { shipment: { ...shipment?.shipment, recordedAt: time } });
}

test('an audit finds nothing about a healthy order, names what is wrong with it, and has it mended by events', async () => {
  const order = testOrder();
  const { orderId } = order;
  await setStock(order.sku, 1);
  await publish(placed(order));
  await paymentIs(orderId, 'captured');
  await eventually('it is shipped', async () => (await shipmentOf(orderId))?.status === 'CONFIRMED');
  await eventually('the customer is told', async () => (await textsTo(order.phone)).length > 0);
  await waitForEmptyQueues();
  await age(orderId);
  // Other tests leave orders behind.
  const own = ({ disagreeing }: AuditReport) => disagreeing.filter((one) => one.orderId === orderId);
  const healthy = await audit();
  expect(healthy.report.checked).toBeGreaterThan(0);
  expect(healthy.report.readUnits).toBeGreaterThan(0);
  expect(own(healthy.report)).toEqual([]);
  expect(healthy.report.shelves.wrong.filter(({ sku }) => sku === order.sku)).toEqual([]);

  await set('PaymentsTableName', orderId, { state: 'authorized' });
  const wrong = await audit();
  expect(wrong.code).toBe(1);
  expect(own(wrong.report)).toEqual([
    {
      orderId,
      problem: 'CONFIRMED: its payment is only authorized',
      since: expect.any(String),
      repair: expect.stringContaining('npm run ops -- audit --repair does it at once.'),
      repairable: true,
    },
  ]);
  await expect(audit('--repair')).rejects.toThrow('There is no terminal to ask: say so with --yes.');

  const { report } = await audit('--repair', '--yes', '--patience', '15');
  expect(report.repaired?.published).toBeGreaterThan(0);
  expect(own(report)).toEqual([]);
  await paymentIs(orderId, 'captured');
  expect(await chargesOf(orderId)).toEqual(capturedOnce());
  expect(own((await audit()).report)).toEqual([]);
});
