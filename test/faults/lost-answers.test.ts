import { describe, expect, test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import type { Rule } from '../harness/fault-rules.ts';
import type { ApiCall } from '../harness/protocol.ts';
import { checkInvariants, isUnnoted } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { forgetKeys, isMovement } from './payment-gateway.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

/** How often the SDK makes a call to DynamoDB before it gives up. */
const SDK_TRIES = 4;

describe('A lost response after a committed call', () => {
  test.each([
    'BatchExecuteStatement',
    'TransactWriteItems',
    'PutItem',
    'BatchGetItem',
    'PutEvents',
    'DeleteMessageBatch',
  ])('of %s has no second effect', async (operation) => {
    const rule: Rule = { operation, probability: 0.5, fault: { kind: 'lose-answer' } };
    shop().proxy.add(rule);
    // A batch is written by other calls than a single record.
    if (operation === 'PutItem') for (const source of shop().sources.values()) source.batchSize = 1;
    await placeMixed(shop().ledger, 2);
    await shop().settle();
    await checkInvariants(shop(), operation === 'BatchExecuteStatement' ? { leaves: isUnnoted } : {});
    expect(shop().proxy.hits(rule)).toBeGreaterThan(0);
  });

  test('in two of five calls except texts has no second effect', async () => {
    const where = ({ service }: { service: string }) => service !== 'sns';
    shop().proxy.add({ probability: 0.4, where, fault: { kind: 'lose-answer' } });
    await placeMixed(shop().ledger, 2);
    await shop().settle();
    await checkInvariants(shop());
  });

  test('of a text does not lead to a second text', async () => {
    const rule: Rule = { caller: /^notification/, operation: 'Publish', times: 3, fault: { kind: 'lose-answer' } };
    shop().proxy.add(rule);
    await placeMixed(shop().ledger);
    await shop().settle();
    await checkInvariants(shop());
    expect(shop().proxy.hits(rule)).toBe(3);
    expect(shop().logged()).toContain('a text may not have gone out, and is not sent again');
  });
});

describe('A capture whose response is lost or a 500', () => {
  test.each(['lose-answer', 'answer-500'] as const)(
    'is repeated with the same key: %s for every attempt of the SDK',
    async (kind) => {
      const rule: Rule = { caller: /^payment/, where: isMovement, times: 3 * SDK_TRIES, fault: { kind } };
      shop().proxy.add(rule);
      await placeMixed(shop().ledger);
      await shop().settle();
      await checkInvariants(shop());
      // The SDK tries less often the more of its tries have failed lately.
      expect(shop().proxy.hits(rule)).toBeGreaterThanOrEqual(2 * SDK_TRIES);
    },
  );

  test('is looked up before charging again when the idempotency key expired', async () => {
    const order = testOrder();
    shop().proxy.add({ caller: /^payment/, where: isMovement, times: SDK_TRIES, fault: { kind: 'answer-500' } });
    await shop().ledger.stock(order.sku, 1);
    await shop().ledger.place([order]);
    await shop().pump();
    await forgetKeys();
    await shop().settle();
    await checkInvariants(shop());
  });
});

describe('Failed entries of a batch call', () => {
  test.each([
    'PutEvents',
    'BatchExecuteStatement',
    'BatchGetItem',
    'DeleteMessageBatch',
    'ChangeMessageVisibilityBatch',
  ])('are retried when half of %s fails', async (operation) => {
    const rule: Rule = { operation, times: 16, fault: { kind: 'fail-entries', share: 0.5 } };
    shop().proxy.add(rule);
    // What is postponed at all is what the gateway could not serve.
    if (operation === 'ChangeMessageVisibilityBatch') {
      shop().proxy.add({ caller: /^payment/, operation: 'GetItem', times: 30, fault: { kind: 'refuse' } });
    }
    await placeMixed(shop().ledger, 2);
    await shop().settle();
    await checkInvariants(shop(), operation === 'BatchExecuteStatement' ? { leaves: isUnnoted } : {});
    expect(shop().proxy.hits(rule)).toBeGreaterThan(0);
  });

  test('do not lead to a second text when its record fails', async () => {
    const isRecord = ({ body }: ApiCall) => JSON.stringify(body.Statements ?? '').includes('sentAt');
    const rule: Rule = { caller: /^notification/, where: isRecord, times: 1, fault: { kind: 'fail-entries' } };
    shop().proxy.add(rule);
    await placeMixed(shop().ledger);
    await shop().settle();
    await checkInvariants(shop());
  });
});
