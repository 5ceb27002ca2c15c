import { BatchGetCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { pacedClient } from '../../../ops/audit/paced-client.ts';
import { localTarget } from '../../../ops/aws-target.ts';

test('each call asks what it consumed, and that is waited for and summed', async () => {
  const paced: number[] = [];
  const { config } = localTarget('http://127.0.0.1:9');
  const { client, consumed } = pacedClient(config, 100, async (units) => void paced.push(units));
  const asked: unknown[] = [];
  const capacities = [{ CapacityUnits: 12.5 }, [{ CapacityUnits: 3 }, { CapacityUnits: 0.5 }], undefined];
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        asked.push('ReturnConsumedCapacity' in input && input.ReturnConsumedCapacity);
        return { output: { $metadata: {}, ConsumedCapacity: capacities[asked.length - 1] } as never, response: {} };
      },
    { step: 'serialize', priority: 'high' },
  );
  await client.send(new ScanCommand({ TableName: 'orders' }));
  await client.send(new BatchGetCommand({ RequestItems: { payments: { Keys: [{ orderId: 'o-1' }] } } }));
  await client.send(new ScanCommand({ TableName: 'orders' }));
  expect(asked).toEqual(['TOTAL', 'TOTAL', 'TOTAL']);
  expect(paced).toEqual([12.5, 3.5, 0]);
  expect(consumed()).toBe(16);
});
