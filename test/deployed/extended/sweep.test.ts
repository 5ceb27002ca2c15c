import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { endedKey } from '../../../lambdas/stock/record.ts';
import type { TestOrder } from '../../harness/shop-state.ts';
import {
  backdateAndSweep,
  chargesOf,
  decided,
  eventually,
  orderOf,
  output,
  paymentIs,
  placed,
  publish,
  publishAll,
  setReceiving,
  setReminderHours,
  setStock,
  setVariable,
  shelfOf,
  shipmentOf,
  sweepAnew,
  tables,
  testOrder,
  textsTo,
  voidedOnce,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

test('an undecided order is cancelled after its deadline, and nothing is charged when its payment goes on', async () => {
  onTestFinished(() => setReceiving('payment', true));
  await setReceiving('payment', false);
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('the goods are reserved', async () => (await shelfOf(order.sku))?.reserved === 1);
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open);

  await backdateAndSweep(order.orderId, 1);
  expect(await orderOf(order.orderId)).toMatchObject({ status: 'PLACED' });
  await backdateAndSweep(order.orderId, 49);
  expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
  expect(await orderOf(order.orderId)).toMatchObject({ open: expect.stringMatching('^decided') });
  await eventually('the goods are back', async () => (await shelfOf(order.sku))?.available === 1);

  await setReceiving('payment', true);
  await paymentIs(order.orderId, 'voided');
  await waitForEmptyQueues();
  // The order and its cancellation arrive in any sequence.
  expect([[], voidedOnce()]).toContainEqual(await chargesOf(order.orderId));
});

test('the customer of a delayed order is texted once about the delay and then about the decision', async () => {
  onTestFinished(async () => {
    await setReceiving('payment', true);
    await setReminderHours(0);
  });
  await setReceiving('payment', false);
  await setReminderHours(6);
  const order = testOrder({ locale: 'en' });
  await setStock(order.sku, 1);
  await publish(placed(order));
  await eventually('the order is open', async () => (await orderOf(order.orderId))?.open?.startsWith('open'));

  await backdateAndSweep(order.orderId, 5);
  expect(await orderOf(order.orderId)).toMatchObject({ open: expect.stringMatching('^open') });
  await backdateAndSweep(order.orderId, 7);
  const [told] = await eventually('the customer is told', async () => {
    const texts = await textsTo(order.phone);
    return texts.length > 0 ? texts : undefined;
  });
  expect(told).toContain('takes longer than usual');
  await backdateAndSweep(order.orderId, 8);

  await setReceiving('payment', true);
  await decided(order.orderId);
  await eventually('the customer knows', async () => (await textsTo(order.phone)).length > 1);
  expect(await textsTo(order.phone)).toEqual([told, expect.stringContaining('is confirmed')]);
});

test('the records of an order that was decided long ago end, and what it sold stays in the sums', async () => {
  const sweep = output('SweepFunctionName');
  onTestFinished(async () => {
    await setVariable(sweep, 'RECORD_DAYS', '0');
  });
  const [old, young] = [testOrder(), testOrder()];
  for (const order of [old, young]) await setStock(order.sku, 1);
  await publishAll([placed(old), placed(young)]);
  for (const { orderId } of [old, young]) {
    await paymentIs(orderId, 'captured');
    await eventually('it is shipped', async () => (await shipmentOf(orderId))?.shipment);
  }
  await waitForEmptyQueues();
  const recordsOf = async ({ orderId }: TestOrder) => {
    const found = await Promise.all(
      ['Orders', 'Payments', 'Reservations', 'Notifications', 'Shipments'].map(async (name) => {
        const TableName = output(`${name}TableName`);
        const { Item } = await tables.send(new GetCommand({ TableName, Key: { orderId }, ConsistentRead: true }));
        return Item === undefined ? [] : [{ TableName, Item }];
      }),
    );
    return found.flat();
  };
  expect(await recordsOf(old)).toHaveLength(5);
  for (const { TableName, Item } of await recordsOf(old)) {
    const aYearAgo = JSON.stringify(Item).replace(/\b(\d{4})(?=-\d\d-\d\dT)/g, (year) => `${Number(year) - 1}`);
    await tables.send(new PutCommand({ TableName, Item: JSON.parse(aYearAgo) }));
  }

  await sweepAnew();
  expect(await recordsOf(old)).toHaveLength(5);
  await setVariable(sweep, 'RECORD_DAYS', '200');
  await sweepAnew();
  expect(await recordsOf(old)).toEqual([]);
  expect(await recordsOf(young)).toHaveLength(5);
  const Key = { orderId: endedKey(old.sku) };
  const { Item } = await tables.send(new GetCommand({ TableName: output('ReservationsTableName'), Key }));
  expect(Item).toMatchObject({ state: 'ended', sku: old.sku, sold: 1 });
});
