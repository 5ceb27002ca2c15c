import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentClient } from '../../lambdas/runtime/records.ts';
import type { EngineName } from '../../localstack/engine.ts';
import { cancelled, confirmed } from '../builders/events.ts';
import { deliverAll, hiddenName, LOYALTY_TABLES, loyaltyConsumer } from '../builders/loyalty.ts';
import {
  deliveriesOf,
  expectedPoints,
  type HeardOrder,
  heardOrders,
  keptPoints,
  placedBy,
} from '../builders/loyalty-orders.ts';
import { quietLog } from '../builders/quiet-log.ts';
import { canTestEngine, startTestEngine } from '../harness/engine.ts';

quietLog();

describe.each<EngineName>(['ministack', 'localstack'])('%s', async (name) => {
  describe.skipIf(!(await canTestEngine(name)))('the counters of a consumer', { timeout: 120_000 }, () => {
    let own: Awaited<ReturnType<typeof startTestEngine>>;
    let client: ReturnType<typeof documentClient>;
    beforeAll(async () => {
      own = await startTestEngine(name);
      const tables = new DynamoDBClient(own.config);
      client = documentClient(tables);
      for (const [TableName, key] of Object.entries(LOYALTY_TABLES)) {
        await tables.send(
          new CreateTableCommand({
            TableName,
            KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
            AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
            BillingMode: 'PAY_PER_REQUEST',
          }),
        );
      }
    }, 300_000);
    afterAll(() => own.end(), 30_000);

    async function points(): Promise<Record<string, unknown>> {
      const items: Record<string, unknown>[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: 'points', ConsistentRead: true }))
        items.push(...Items);
      return keptPoints(items);
    }

    it('add up, are taken back, and say of a repetition what is on record', async () => {
      const process = loyaltyConsumer(client);
      const order = [placedBy('once', 'once-1'), confirmed({ orderId: 'once-1' })];
      await deliverAll([process], [...order, ...order, placedBy('once', 'once-2', 500)], 1);
      await deliverAll([loyaltyConsumer(client)], [...order, confirmed({ orderId: 'once-2' })], 3);
      expect((await points())[hiddenName('once')]).toEqual({ points: 125, orders: 2 });
      await deliverAll([process], [cancelled({ orderId: 'once-1' }), cancelled({ orderId: 'once-1' })], 1);
      expect((await points())[hiddenName('once')]).toEqual({ points: 5, orders: 1 });
    });

    it('are those of the confirmed orders, of several processes at once and in any sequence', async () => {
      const processes = [1, 2, 3].map(() => loyaltyConsumer(client));
      const all: HeardOrder[] = [];
      let run = 0;
      const before = await points();
      await fc.assert(
        fc.asyncProperty(
          heardOrders.chain((orders) => fc.tuple(fc.constant(orders), deliveriesOf(orders))),
          async ([orders, events]) => {
            run += 1;
            // The tables stay, so each run has orders of its own, of the same customers.
            const own = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('"o-', `"run-${run}-`));
            all.push(...own(orders));
            await deliverAll(processes, own(events), 5);
            expect(await points()).toEqual({ ...before, ...expectedPoints(all) });
          },
        ),
        { numRuns: 15, endOnFailure: true },
      );
    });
  });
});
