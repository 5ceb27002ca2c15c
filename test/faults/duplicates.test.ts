import { describe, expect, test } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { placed, publish, publishAll, testOrder } from '../deployed/deployed-shop.ts';
import { standardConsumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';
import { checkInvariants } from './invariants.ts';
import { forgetKeys } from './payment-gateway.ts';
import { runSeed } from './random.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

describe('the same message 2–50 times, in parallel', () => {
  test.each([2, 50])('%i times', async (times) => {
    const { ledger } = shop();
    const order = testOrder();
    const message = placed(order);
    await ledger.stock(order.sku, 9);
    ledger.orders.set(order.orderId, order);
    await publishAll(Array.from({ length: times }, () => message));
    await shop().settle();
    await checkInvariants(shop());
  });

  describe('cost at most one store call per duplicate', () => {
    // The gateway reads with GetItem and Query, and puts once in either run.
    const STORE = /^dynamodb\.(Batch|Transact|Put)/;

    /** Publishes one message so often and gives how many calls that was; what the gateway is asked is not the store's. */
    async function storeCalls(consumer: ConsumerName, times: number): Promise<number> {
      const order = testOrder();
      const message = placed(order);
      await shop().ledger.stock(order.sku, 9);
      await publishAll(Array.from({ length: times }, () => message));
      shop().faults(runSeed);
      await shop().pump([consumer]);
      return shop().calls(consumer, STORE);
    }
    const perDuplicate = async (consumer: ConsumerName) =>
      ((await storeCalls(consumer, 21)) - (await storeCalls(consumer, 1))) / 20;

    test.each(standardConsumers)('%s', async (consumer) => {
      expect(await perDuplicate(consumer)).toBeLessThanOrEqual(1);
    });

    test.each(standardConsumers)('%s, one by one', async (consumer) => {
      const order = testOrder();
      await shop().ledger.stock(order.sku, 9);
      await publish(placed(order));
      await shop().pump([consumer]);
      shop().faults(runSeed);
      for (let copy = 0; copy < 3; copy += 1) {
        await publish(placed(order));
        await shop().pump([consumer]);
      }
      expect(shop().calls(consumer, STORE)).toBeLessThanOrEqual(3);
    });
  });

  test('every message of every queue three times, whatever the outcome of its order', async () => {
    shop().proxy.add({ operation: 'ReceiveMessage', fault: { kind: 'duplicate', copies: 2 }, times: 60 });
    await placeMixed(shop().ledger, 2);
    await shop().settle();
    await checkInvariants(shop());
  });
});

test('the publisher retries after a lost answer: same order, new message ids', async () => {
  const { ledger } = shop();
  const order = testOrder();
  await ledger.stock(order.sku, 9);
  await ledger.place([order], 3);
  await shop().settle();
  await ledger.place([order], 2);
  await shop().settle();
  await checkInvariants(shop());
});

describe('redelivery, when the gateway has forgotten every idempotency key', () => {
  test.each([
    ['61 minutes', 61 * 60],
    ['25 hours', 25 * 3_600],
    ['13 days', 13 * 24 * 3_600],
  ])('after %s', async (_, seconds) => {
    const mixed = await placeMixed(shop().ledger);
    await shop().settle();
    await forgetKeys();
    await shop().pass(seconds);
    for (const order of Object.values(mixed).flat()) await publish(placed(order));
    await shop().settle();
    await checkInvariants(shop());
  });

  test('of a capture that nobody wrote down', async () => {
    const order = testOrder();
    await shop().ledger.stock(order.sku, 1);
    await shop().ledger.place([order]);
    // The money is taken, and the process dies before it can say so.
    shop().proxy.add({ caller: /^payment/, operation: 'PutItem', times: 1, fault: { kind: 'crash', when: 'after' } });
    await shop().pump();
    await forgetKeys();
    await shop().pass(25 * 3_600);
    await shop().settle();
    const { charges } = await checkInvariants(shop());
    expect(charges.filter(({ orderId }) => orderId === order.orderId)).toHaveLength(1);
  });
});
