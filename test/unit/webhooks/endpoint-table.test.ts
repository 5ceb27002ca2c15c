import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { dynamoEndpointTable } from '../../../lambdas/webhooks/endpoint-table.ts';

/** A table that answers each call so, and the inputs of the calls. */
function table(answer: object | Error = {}) {
  const inputs: unknown[] = [];
  const send = async ({ input }: { input: unknown }) => {
    inputs.push(input);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { inputs, ...dynamoEndpointTable('Endpoints', { send } as unknown as DynamoDBDocumentClient) };
}

const conflict = new ConditionalCheckFailedException({ message: 'the condition does not hold', $metadata: {} });
const AT = '2026-11-27T12:00:00.000Z';

test('An endpoint is read consistently', async () => {
  const record = { endpoint: 'erp', failingSince: AT };
  const { read, inputs } = table({ Item: record });
  expect(await read('erp')).toEqual(record);
  expect(inputs).toEqual([{ TableName: 'Endpoints', Key: { endpoint: 'erp' }, ConsistentRead: true }]);
  expect(await table().read('erp')).toBeUndefined();
});

test('Each write holds only where nobody else was first, which is no failure', async () => {
  const writes = [
    [(to: ReturnType<typeof table>) => to.noteFailure('erp', AT), 'attribute_not_exists(failingSince)'],
    [(to: ReturnType<typeof table>) => to.noteSuccess('erp'), 'attribute_exists(failingSince)'],
    [(to: ReturnType<typeof table>) => to.disable('erp', { at: AT, reason: 'x' }), 'attribute_not_exists(disabledAt)'],
    [
      (to: ReturnType<typeof table>) => to.disable('erp', { at: AT, reason: 'x', failingSince: AT }),
      'attribute_not_exists(disabledAt) AND failingSince = :since',
    ],
  ] as const;
  for (const [write, ConditionExpression] of writes) {
    const taken = table();
    await write(taken);
    expect(taken.inputs).toMatchObject([{ Key: { endpoint: 'erp' }, ConditionExpression }]);
    await write(table(conflict));
    await expect(write(table(new Error('throttled')))).rejects.toThrow('throttled');
  }
});

test('Only the call that disabled an endpoint is told so', async () => {
  expect(await table().disable('erp', { at: AT, reason: 'x' })).toBe(true);
  expect(await table(conflict).disable('erp', { at: AT, reason: 'x' })).toBe(false);
});
