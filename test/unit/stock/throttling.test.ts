import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from 'vitest';
import { BusyError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { documentClient } from '../../../lambdas/runtime/records.ts';
import { stockHandler } from '../../../lambdas/stock/reserve.ts';
import { planStock, type StockInput } from '../../../lambdas/stock/rules.ts';
import { stockTable } from '../../../lambdas/stock/table.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, placed, priced } from '../../builders/events.ts';

type Action = { Put?: { Item: { orderId: { S: string } } }; Update?: { Key: { sku?: { S: string } } } };
type Call = { operation: string; actions: readonly Action[] };
type Answer = { status: number; body: object };

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((closed) => server.close(closed));
});

/** Starts a table that is read with the SDK as AWS's is; `answer` decides on each call. */
async function dynamo(answer: (call: Call) => Answer | undefined) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const call = { operation, actions: JSON.parse(body).TransactItems ?? [] };
      calls.push(call);
      const { status, body: content } = answer(call) ?? { status: 200, body: {} };
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', connection: 'close' });
      response.end(JSON.stringify(content));
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    // The SDK tries again what it knows to be transient, after a pause.
    maxAttempts: 1,
  });
  const table = stockTable('shelves', 'reservations', documentClient(client));
  const handle = stockHandler(table, () => new Date('2026-11-21T09:00:00Z'));
  return {
    table,
    calls,
    async deliver(...events: StockInput[]): Promise<string[]> {
      const results = await handle(events.map((event) => delivery(event)));
      return results.map((result) => ('failure' in result ? (result.failure as Error).name : 'done'));
    },
  };
}

const error = (type: string, members: object = {}): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: type, ...members },
});

/** Answers as a transaction that is cancelled because of one shelf, if it has that shelf. */
const cancelledBy =
  (sku: string, reason: { Code: string; Message: string }) =>
  ({ actions }: Call) => {
    const reasons = actions.map(({ Update }) => (Update?.Key.sku?.S === sku ? reason : { Code: 'None' }));
    const names = reasons.map(({ Code }) => Code).join(', ');
    return reasons.includes(reason)
      ? error('TransactionCanceledException', {
          Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${names}]`,
          CancellationReasons: reasons,
        })
      : undefined;
  };

const orders = [
  placed({ orderId: 'hot', items: [priced('HOT'), priced('A')] }),
  ...['o-1', 'o-2', 'o-3'].map((orderId) => placed({ orderId, items: [priced('A')] })),
];
const reasons = [
  {
    Code: 'ThrottlingError',
    Message:
      'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly.',
  },
  {
    Code: 'ProvisionedThroughputExceeded',
    Message:
      'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
  },
];

describe('A transaction that DynamoDB cancels', () => {
  test.each(reasons)(
    'because of $Code on one shelf makes only its orders wait: 2 calls for 4 orders',
    async (reason) => {
      const { calls, deliver } = await dynamo(cancelledBy('HOT', reason));
      expect(await deliver(...orders)).toEqual([UnavailableError.name, 'done', 'done', 'done']);
      expect(calls.map(({ actions }) => actions.length)).toEqual([6, 4]);
    },
  );

  test('because of a conflict on one shelf is tried three times, then makes only its orders wait: 4 calls', async () => {
    const conflict = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' };
    const { calls, deliver } = await dynamo(cancelledBy('HOT', conflict));
    expect(await deliver(...orders)).toEqual([BusyError.name, 'done', 'done', 'done']);
    expect(calls.map(({ actions }) => actions.length)).toEqual([6, 6, 6, 4]);
  });

  test('because of a shelf that is broken fails its orders for good, and no others', async () => {
    const invalid = {
      Code: 'ValidationError',
      Message: 'An operand in the update expression has an incorrect data type',
    };
    const { deliver } = await dynamo(cancelledBy('HOT', invalid));
    expect(await deliver(...orders)).toEqual(['ValidationException', 'done', 'done', 'done']);
  });

  test('says which items were in the way, and what those hold whose conditions failed', async () => {
    const { table } = await dynamo(() =>
      error('TransactionCanceledException', {
        CancellationReasons: [
          { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' },
          { Code: 'ConditionalCheckFailed', Item: { sku: { S: 'A' }, available: { N: '0' } } },
          { Code: 'ThrottlingError', Message: 'Throughput exceeds the current capacity' },
        ],
      }),
    );
    const known = { reservations: new Map(), available: new Map() };
    const order = delivery(placed({ items: [priced('A'), priced('HOT')] }));
    const refusal = await table.commit(planStock([order], known, new Date()));
    expect(refusal).toEqual({
      reservations: new Map(),
      available: new Map([['A', 0]]),
      blocked: {
        reservations: new Map([['o-1001', expect.any(BusyError)]]),
        shelves: new Map([['HOT', expect.any(UnavailableError)]]),
      },
    });
  });
});

describe('A transaction that DynamoDB refuses as a whole', () => {
  const hasHot = ({ actions }: Call) => actions.some(({ Update }) => Update?.Key.sku?.S === 'HOT');

  test.each([
    'ThrottlingException',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'ValidationException',
  ])('with %s is tried again order by order: 5 calls for 4 orders', async (type) => {
    const { calls, deliver } = await dynamo((call) => (hasHot(call) ? error(type) : undefined));
    expect(await deliver(...orders)).toEqual([type, 'done', 'done', 'done']);
    expect(calls).toHaveLength(5);
  });

  test('because it is out of order is tried once: all orders wait', async () => {
    const { calls, deliver } = await dynamo(() => ({ status: 500, body: { __type: 'InternalServerError' } }));
    expect(await deliver(...orders)).toEqual(Array(4).fill('InternalServerError'));
    expect(calls).toHaveLength(1);
  });
});

describe('A cancelled order whose reservation cannot be read', () => {
  const order = placed({ orderId: 'o-1', items: [priced('A')] });
  const isRead = ({ operation }: Call) => operation === 'BatchGetItem';

  test.each([
    ['is throttled', error('ProvisionedThroughputExceededException')],
    [
      'is left out',
      {
        status: 200,
        body: { Responses: {}, UnprocessedKeys: { reservations: { Keys: [{ orderId: { S: 'o-2' } }] } } },
      },
    ],
  ])('because the read %s is decided by its transaction, and holds up nobody', async (_, answer) => {
    const held = { orderId: { S: 'o-2' }, state: { S: 'rejected' }, lines: { L: [] }, time: { S: 't' } };
    const { calls, deliver } = await dynamo((call) => {
      if (isRead(call)) return answer;
      const isFirst = call.actions.some(({ Put }) => Put?.Item.orderId.S === 'o-2');
      const CancellationReasons = call.actions.map(({ Put }) =>
        Put?.Item.orderId.S === 'o-2' ? { Code: 'ConditionalCheckFailed', Item: held } : { Code: 'None' },
      );
      return isFirst ? error('TransactionCanceledException', { CancellationReasons }) : undefined;
    });
    expect(await deliver(order, cancelled({ orderId: 'o-2' }))).toEqual(['done', 'done']);
    expect(calls.map(({ actions }) => actions.length)).toEqual([0, 3, 2]);
  });
});
