import { expect, test, vi } from 'vitest';
import type { Refund } from '../../lambdas/payment/record.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { deployedShop } from '../../ops/stack.ts';
import { MAX_DUE_REFUNDS, readDueRefunds } from '../../ops/status/refunds.ts';

type Input = { RequestItems?: Record<string, { Keys: { orderId: string }[] }>; ExclusiveStartKey?: object };

/** A shop whose index of due refunds has these orders, of which the records of some are due no more. They are of 0.3.0 without `refunds`. */
function shopWith(orderIds: readonly string[], notDue: readonly string[] = [], refunds?: readonly Refund[]) {
  const shop = deployedShop(localTarget('http://127.0.0.1:9'), {
    Outputs: [{ OutputKey: 'PaymentsTableName', OutputValue: 'payments' }],
  });
  const record = (orderId: string) => ({
    orderId,
    state: 'refund-due',
    ...(notDue.includes(orderId) ? {} : { refundDue: 'due' }),
    money: { amount: 12_000, currency: 'KRW' },
    reference: `pi_${orderId}`,
    ...(refunds === undefined ? { refundReason: 'charge_disputed' } : { refunds }),
    time: '2026-11-21T09:00:00.000Z',
  });
  const send = vi.spyOn(shop.documents, 'send').mockImplementation(async (command: { input: object }) => {
    const input: Input = command.input;
    if (input.RequestItems !== undefined)
      return { Responses: { payments: input.RequestItems.payments?.Keys.map(({ orderId }) => record(orderId)) } };
    if (input.ExclusiveStartKey !== undefined) return { Count: orderIds.length - MAX_DUE_REFUNDS };
    const Items = orderIds.slice(0, MAX_DUE_REFUNDS).map((orderId) => ({ orderId }));
    return { Items, ...(orderIds.length > MAX_DUE_REFUNDS ? { LastEvaluatedKey: { orderId: 'last' } } : {}) };
  });
  return { shop, send };
}

test('due refunds are named oldest first, with the amount, the provider’s code and the payment’s reference', async () => {
  const { shop } = shopWith(['o-1', 'o-2']);
  const { count, oldest } = await readDueRefunds(shop);
  expect(count).toBe(2);
  expect(oldest.map(({ orderId }) => orderId)).toEqual(['o-1', 'o-2']);
  expect(oldest[0]).toEqual({
    orderId: 'o-1',
    since: '2026-11-21T09:00:00.000Z',
    amount: 12_000,
    currency: 'KRW',
    reason: 'charge_disputed',
    reference: 'pi_o-1',
  });
});

test('each due refund of an order is named with its own amount, age and reason', async () => {
  const time = '2026-11-22T09:00:00.000Z';
  const { shop } = shopWith(
    ['o-1'],
    [],
    [
      { refundId: 'r-1', amount: 1_000, state: 'done', refunded: 1_000, time },
      { refundId: 'r-2', amount: 2_000, state: 'due', reason: 'charge_disputed', time: '2026-11-23T09:00:00.000Z' },
      { amount: 9_000, state: 'due', time },
    ],
  );
  const named = { orderId: 'o-1', currency: 'KRW', reference: 'pi_o-1' };
  expect(await readDueRefunds(shop)).toEqual({
    count: 2,
    oldest: [
      { ...named, since: time, amount: 9_000, reason: 'cancelled' },
      { ...named, refundId: 'r-2', since: '2026-11-23T09:00:00.000Z', amount: 2_000, reason: 'charge_disputed' },
    ],
  });
});

test('of many, all are counted and only the oldest are read', async () => {
  const { shop, send } = shopWith(Array.from({ length: 2_000 }, (_, index) => `o-${index}`));
  const { count, oldest } = await readDueRefunds(shop);
  expect(count).toBe(2_000);
  expect(oldest).toHaveLength(MAX_DUE_REFUNDS);
  expect(send).toHaveBeenCalledTimes(3);
});

test('a refund that was marked as sent since the index was written is not named', async () => {
  const { shop } = shopWith(['o-1', 'o-2'], ['o-1']);
  expect((await readDueRefunds(shop)).oldest.map(({ orderId }) => orderId)).toEqual(['o-2']);
});

test('no due refund costs one query', async () => {
  const { shop, send } = shopWith([]);
  expect(await readDueRefunds(shop)).toEqual({ count: 0, oldest: [] });
  expect(send).toHaveBeenCalledTimes(1);
});
