import { describe, expect, test } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { placed, publish, publishAll, testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { runSeed } from '../harness/random.ts';
import { checkInvariants } from './check-invariants.ts';
import { standardConsumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';
import { forgetKeys, isMovement } from './payment-gateway.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

describe('Duplicates of a message in parallel', () => {
  test.each([2, 50])('have one effect: %i times', async (times) => {
    const { ledger } = shop();
    const order = testOrder();
    const message = placed(order);
    await ledger.stock(order.sku, 9);
    ledger.orders.set(order.orderId, order);
    await publishAll(Array.from({ length: times }, () => message));
    await shop().settle();
    await checkInvariants(shop());
  });

  describe('cost at most one store call each', () => {
    // The gateway reads with GetItem and Query, and writes once in either run.
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

    test.each(standardConsumers)('of %s in one batch', async (consumer) => {
      expect(await perDuplicate(consumer)).toBeLessThanOrEqual(1);
    });

    test.each(standardConsumers)('of %s one after another', async (consumer) => {
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

  test('have one effect when every message of every queue is delivered three times', async () => {
    shop().proxy.add({ operation: 'ReceiveMessage', fault: { kind: 'duplicate', copies: 2 }, times: 60 });
    await placeMixed(shop().ledger, 2);
    await shop().settle();
    await checkInvariants(shop());
  });
});

test('A publisher that retries with new message ids has one effect', async () => {
  const { ledger } = shop();
  const order = testOrder();
  await ledger.stock(order.sku, 9);
  await ledger.place([order], 3);
  await shop().settle();
  await ledger.place([order], 2);
  await shop().settle();
  await checkInvariants(shop());
});

describe("A redelivery after the gateway's idempotency keys expired", () => {
  test.each([
    ['61 minutes', 61 * 60],
    ['25 hours', 25 * 3_600],
    ['13 days', 13 * 24 * 3_600],
  ])('has no second effect after %s', async (_, seconds) => {
    const mixed = await placeMixed(shop().ledger);
    await shop().settle();
    await forgetKeys();
    await shop().pass(seconds);
    for (const order of Object.values(mixed).flat()) await publish(placed(order));
    await shop().settle();
    await checkInvariants(shop());
  });

  test.each([
    ['authorized', 0],
    ['captured', 1],
  ])('does not move money again that was %s when nobody recorded it', async (_, skip) => {
    const order = testOrder();
    await shop().ledger.stock(order.sku, 1);
    await shop().ledger.place([order]);
    // The gateway does it, and the process dies before it can say so.
    const rule: Rule = {
      caller: /^payment/,
      where: isMovement,
      skip,
      times: 1,
      fault: { kind: 'crash', when: 'after' },
    };
    shop().proxy.add(rule);
    await shop().pump();
    expect(shop().proxy.hits(rule)).toBe(1);
    await forgetKeys();
    await shop().pass(25 * 3_600);
    await shop().settle();
    const { charges } = await checkInvariants(shop());
    expect(charges.map(({ kind }) => kind).sort()).toEqual(['authorization', 'capture']);
  });
});
