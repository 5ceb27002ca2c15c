import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { BatchGetCommand, DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { CustomerHash } from '../../../lambdas/runtime/customer-hash.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import { planStock, type StockInput } from '../../../lambdas/stock/rules.ts';
import { stockTable } from '../../../lambdas/stock/table.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, dispatched, placed, priced, refundRequested } from '../../builders/events.ts';

const now = new Date('2026-11-21T09:00:00Z');

type Command = TransactWriteCommand | BatchGetCommand;

function dynamo(answer: () => unknown = () => ({})) {
  const calls: Command['input'][] = [];
  const client = {
    async send({ input }: Command) {
      calls.push(input);
      return answer();
    },
  };
  return { calls, table: stockTable('shelves', 'reservations', client as unknown as DynamoDBDocumentClient) };
}

const refused =
  (...CancellationReasons: object[]) =>
  () => {
    throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons });
  };

const planOf = (...events: StockInput[]) =>
  planStock(
    events.map((event) => delivery(event)),
    { reservations: new Map(), available: new Map() },
    now,
  );
const oneOrder = planOf(placed({ items: [priced('A', 2)] }));

const NOTHING = { reservations: new Map(), shelves: new Map() };

describe('Committing a stock plan', () => {
  test('writes reservations and shelves on condition in one transaction', async () => {
    const { calls, table } = dynamo();
    expect(await table.commit(oneOrder)).toBeUndefined();
    expect(calls).toEqual([
      {
        TransactItems: [
          {
            Put: {
              TableName: 'reservations',
              Item: {
                orderId: 'o-1001',
                state: 'reserved',
                lines: [{ sku: 'A', quantity: 2 }],
                time: '2026-11-21T09:00:00.000Z',
              },
              ConditionExpression: 'attribute_not_exists(orderId)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          {
            Update: {
              TableName: 'shelves',
              Key: { sku: 'A' },
              UpdateExpression: 'ADD available :available, reserved :reserved, sold :sold',
              ConditionExpression: 'available >= :taken_available',
              ExpressionAttributeValues: { ':available': -2, ':reserved': 2, ':sold': 0, ':taken_available': 2 },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      },
    ]);
  });

  test('returns the stored reservation and stock when a condition fails', async () => {
    const { table } = dynamo(
      refused(
        {
          Code: 'ConditionalCheckFailed',
          Item: { orderId: { S: 'o-1001' }, state: { S: 'released' }, lines: { L: [] }, time: { S: 't' } },
        },
        { Code: 'ConditionalCheckFailed', Item: { sku: { S: 'A' }, available: { N: '1' } } },
      ),
    );
    expect(await table.commit(oneOrder)).toEqual({
      reservations: new Map([['o-1001', { orderId: 'o-1001', state: 'released', lines: [], time: 't' }]]),
      available: new Map([['A', 1]]),
      blocked: NOTHING,
    });
  });

  test('reports an unknown SKU as one without a shelf', async () => {
    const { table } = dynamo(refused({ Code: 'None' }, { Code: 'ConditionalCheckFailed' }));
    expect(await table.commit(oneOrder)).toEqual({
      reservations: new Map(),
      available: new Map([['A', null]]),
      blocked: NOTHING,
    });
  });

  test('updates a shelf once by the sum of two orders', async () => {
    const { calls, table } = dynamo();
    await table.commit(
      planOf(
        placed({ orderId: 'o-1', items: [priced('A', 2)] }),
        placed({ orderId: 'o-2', items: [priced('A', 3)] }),
        cancelled({ orderId: 'o-3' }),
      ),
    );
    const [call] = calls;
    const items = call !== undefined && 'TransactItems' in call ? (call.TransactItems ?? []) : [];
    expect(items).toHaveLength(4);
    expect(items[3]?.Update?.ExpressionAttributeValues).toMatchObject({ ':available': -5, ':taken_available': 5 });
  });
});

describe('Changing a reservation', () => {
  const change = async (before: Reservation, event: StockInput, customerHash?: CustomerHash) => {
    const { calls, table } = dynamo();
    const known = { reservations: new Map([[before.orderId, before]]), available: new Map() };
    await table.commit(planStock([delivery(event)], known, now, customerHash));
    const [call] = calls;
    return (call !== undefined && 'TransactItems' in call ? (call.TransactItems ?? []) : []).map(
      ({ Update }) => Update,
    );
  };
  const lines = [{ sku: 'A', quantity: 2 }];
  const DECIDED_FROM = {
    '#state': 'state',
    '#lines': 'lines',
    '#returned': 'returned',
    '#dispatched': 'dispatched',
    '#expiresAt': 'expiresAt',
  };

  test('puts goods back only while they are sold: to the order, and on the shelf', async () => {
    const updates = await change({ orderId: 'o-1001', state: 'sold', lines, time: 't' }, cancelled());
    expect(updates).toEqual([
      {
        TableName: 'reservations',
        Key: { orderId: 'o-1001' },
        UpdateExpression: 'SET #state = :state, #time = :time',
        ConditionExpression:
          '#state = :was_state AND #lines = :was_lines AND attribute_not_exists(#returned) AND attribute_not_exists(#dispatched) AND attribute_not_exists(#expiresAt)',
        ExpressionAttributeNames: { ...DECIDED_FROM, '#time': 'time' },
        ExpressionAttributeValues: {
          ':state': 'released',
          ':time': now.toISOString(),
          ':was_state': 'sold',
          ':was_lines': lines,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
      {
        TableName: 'shelves',
        Key: { sku: 'A' },
        UpdateExpression: 'ADD available :available, reserved :reserved, sold :sold',
        ConditionExpression: 'sold >= :taken_sold',
        ExpressionAttributeValues: { ':available': 2, ':reserved': 0, ':sold': -2, ':taken_sold': 2 },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ]);
  });

  test('counts goods back only while the same came back before, and none have left since', async () => {
    const returned = [{ refundId: 'r-1', lines: [{ sku: 'A', quantity: 1, restock: true }], time: 't' }];
    const items = [{ sku: 'A', quantity: 1, restock: true }];
    const [update, shelf] = await change(
      { orderId: 'o-1001', state: 'sold', lines, returned, dispatched: true, time: 't' },
      refundRequested({ refundId: 'r-2', items }),
    );
    expect(update).toMatchObject({
      UpdateExpression: 'SET #state = :state, #returned = :returned',
      ConditionExpression:
        '#state = :was_state AND #lines = :was_lines AND #returned = :was_returned AND #dispatched = :was_dispatched AND attribute_not_exists(#expiresAt)',
      ExpressionAttributeNames: DECIDED_FROM,
      ExpressionAttributeValues: {
        ':returned': [...returned, { refundId: 'r-2', lines: items, amount: 5_000, time: now.toISOString() }],
        ':was_returned': returned,
        ':was_dispatched': true,
      },
    });
    expect(shelf).toEqual({
      TableName: 'shelves',
      Key: { sku: 'A' },
      UpdateExpression: 'ADD available :available, reserved :reserved, sold :sold',
      ExpressionAttributeValues: { ':available': 1, ':reserved': 0, ':sold': 0 },
    });
  });

  test('notes that goods left without touching a shelf', async () => {
    const updates = await change({ orderId: 'o-1001', state: 'sold', lines, time: 't' }, dispatched());
    expect(updates).toMatchObject([{ UpdateExpression: 'SET #state = :state, #dispatched = :dispatched' }]);
  });

  test.each([
    ['sells', 'reserved' as const, confirmed({ items: lines }), 'reserved >= :taken_reserved'],
    ['releases', 'reserved' as const, cancelled(), 'reserved >= :taken_reserved'],
  ])('%s what is reserved only while it is', async (_, state, event, condition) => {
    const [, shelf] = await change({ orderId: 'o-1001', state, lines, time: 't' }, event);
    expect(shelf?.ConditionExpression).toBe(condition);
  });

  test('notes the order of a tombstone only while it is one, and lets it expire no more', async () => {
    const tombstone: Reservation = {
      orderId: 'o-1001',
      state: 'cancelled',
      lines: [],
      time: 't',
      expiresAt: 1_800_000,
    };
    const updates = await change(tombstone, placed({ items: [priced('A', 2)] }), () => 'key:hash');
    expect(updates).toEqual([
      {
        TableName: 'reservations',
        Key: { orderId: 'o-1001' },
        UpdateExpression: 'SET #lines = :lines, #customer = :customer, #state = :state REMOVE #expiresAt',
        ConditionExpression:
          '#state = :was_state AND #lines = :was_lines AND #expiresAt = :was_expiresAt AND attribute_not_exists(#returned) AND attribute_not_exists(#dispatched)',
        ExpressionAttributeNames: { ...DECIDED_FROM, '#customer': 'customer' },
        ExpressionAttributeValues: {
          ':state': 'cancelled',
          ':lines': lines,
          ':customer': 'key:hash',
          ':was_state': 'cancelled',
          ':was_lines': [],
          ':was_expiresAt': 1_800_000,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ]);
  });
});

describe('Loading reservations', () => {
  test('reads consistently in one call and returns null for unknown orders', async () => {
    const { calls, table } = dynamo(() => ({
      Responses: { reservations: [{ orderId: 'o-1', state: 'sold', lines: [], time: 't' }] },
    }));
    expect(await table.load(['o-1', 'o-2'])).toEqual(
      new Map([
        ['o-1', { orderId: 'o-1', state: 'sold', lines: [], time: 't' }],
        ['o-2', null],
      ]),
    );
    expect(calls).toEqual([
      { RequestItems: { reservations: { Keys: [{ orderId: 'o-1' }, { orderId: 'o-2' }], ConsistentRead: true } } },
    ]);
  });

  test('makes no call for no orders', async () => {
    const { calls, table } = dynamo();
    expect(await table.load([])).toEqual(new Map());
    expect(calls).toEqual([]);
  });

  test('leaves out the orders whose reservations are throttled', async () => {
    const { table } = dynamo(() => ({
      Responses: { reservations: [{ orderId: 'o-1', state: 'sold', lines: [], time: 't' }] },
      UnprocessedKeys: { reservations: { Keys: [{ orderId: 'o-2' }] } },
    }));
    expect(await table.load(['o-1', 'o-2', 'o-3'])).toEqual(
      new Map([
        ['o-1', { orderId: 'o-1', state: 'sold', lines: [], time: 't' }],
        ['o-3', null],
      ]),
    );
  });
});
