import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { output, testOrder } from '../deployed/deployed-shop.ts';
import { FaultProxy } from '../harness/fault-proxy.ts';
import { connection } from './deployed-functions.ts';

const proxy = new FaultProxy(connection().endpoint);
const direct = DynamoDBDocumentClient.from(new DynamoDBClient(connection()));
const TableName = output('StockTableName');
let tables: DynamoDBDocumentClient;
let sqs: SQSClient;
let sns: SNSClient;
let bus: EventBridgeClient;
let crashed = 0;

beforeAll(async () => {
  const endpoint = await proxy.open('client', {
    crash: () => {
      crashed += 1;
    },
  });
  const once = { ...connection(endpoint), maxAttempts: 1 };
  tables = DynamoDBDocumentClient.from(new DynamoDBClient(once));
  sqs = new SQSClient(once);
  sns = new SNSClient(once);
  bus = new EventBridgeClient(once);
});
beforeEach(() => {
  proxy.inject(1);
});
afterAll(() => proxy.close());

const put = (sku: string) => tables.send(new PutCommand({ TableName, Item: { sku, available: 1 } }));
const isThere = async (sku: string) =>
  (await direct.send(new GetCommand({ TableName, Key: { sku }, ConsistentRead: true }))).Item !== undefined;

describe('A fault of one call', () => {
  test.each([
    ['lose-answer', true, { code: 'ECONNRESET' }],
    ['answer-500', true, { $metadata: { httpStatusCode: 500 } }],
    ['refuse', false, { $metadata: { httpStatusCode: 500 } }],
    ['throttle', false, { name: 'ProvisionedThroughputExceededException' }],
    ['conflict', false, { name: 'TransactionConflictException' }],
  ] as const)('%s: executed %s, and the client gets an error', async (kind, carriedOut, error) => {
    const { sku } = testOrder();
    proxy.add({ operation: 'PutItem', fault: { kind } });
    await expect(put(sku)).rejects.toMatchObject(error);
    expect(await isThere(sku)).toBe(carriedOut);
  });

  test.each([
    ['before', false],
    ['after', true],
  ] as const)('crash %s: executed %s, and the caller is told to crash', async (when, carriedOut) => {
    const { sku } = testOrder();
    const before = crashed;
    proxy.add({ operation: 'PutItem', fault: { kind: 'crash', when } });
    await expect(put(sku)).rejects.toThrow();
    expect([crashed - before, await isThere(sku)]).toEqual([1, carriedOut]);
  });

  test('conflict names the reason of each item of a transaction', async () => {
    proxy.add({ operation: 'TransactWriteItems', fault: { kind: 'conflict' } });
    const TransactItems = [testOrder(), testOrder()].map(({ sku }) => ({ Put: { TableName, Item: { sku } } }));
    await expect(tables.send(new TransactWriteCommand({ TransactItems }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    });
  });

  test('throttle uses the SNS protocol for SNS', async () => {
    proxy.add({ service: 'sns', fault: { kind: 'throttle' } });
    const publish = new PublishCommand({ TopicArn: output('OrdersTopicArn'), Message: '{}' });
    await expect(sns.send(publish)).rejects.toMatchObject({ name: 'Throttling', $metadata: { httpStatusCode: 400 } });
  });

  test('is decided by the seed', async () => {
    const decisions = async (seed: number) => {
      proxy.inject(seed, { operation: 'PutItem', probability: 0.5, fault: { kind: 'refuse' } });
      for (let call = 0; call < 12; call += 1) await put(testOrder().sku).catch(() => {});
      return proxy.injected.map(({ nth }) => nth);
    };
    const first = await decisions(7);
    expect(await decisions(7)).toEqual(first);
    expect(await decisions(8)).not.toEqual(first);
    expect(proxy.report()).toContain('seed 8');
  });
});

describe('The fault fail-entries forwards the other entries and reports the failed ones', () => {
  const half = (operation: string) => proxy.inject(3, { operation, fault: { kind: 'fail-entries', share: 0.5 } });

  test('for BatchExecuteStatement', async () => {
    half('BatchExecuteStatement');
    const skus = Array.from({ length: 8 }, () => testOrder().sku);
    const Statements = skus.map((sku) => ({
      Statement: `INSERT INTO "${TableName}" VALUE {'sku': ?}`,
      Parameters: [sku],
    }));
    const { Responses = [] } = await tables.send(new BatchExecuteStatementCommand({ Statements }));
    const refused = Responses.map(({ Error: error }) => error?.Code === 'ThrottlingError');
    expect(new Set(refused).size).toBe(2);
    expect(await Promise.all(skus.map(isThere))).toEqual(refused.map((one) => !one));
  });

  test('for BatchGetItem', async () => {
    const skus = Array.from({ length: 8 }, () => testOrder().sku);
    for (const sku of skus) await put(sku);
    half('BatchGetItem');
    const RequestItems = { [TableName]: { Keys: skus.map((sku) => ({ sku })) } };
    const { Responses, UnprocessedKeys } = await tables.send(new BatchGetCommand({ RequestItems }));
    const given = (Responses?.[TableName] ?? []).map(({ sku }) => String(sku));
    const left = (UnprocessedKeys?.[TableName]?.Keys ?? []).map(({ sku }) => String(sku));
    expect([given.length > 0, left.length > 0]).toEqual([true, true]);
    expect([...given, ...left].sort()).toEqual([...skus].sort());
  });

  test('for PutEvents', async () => {
    half('PutEvents');
    const Entry = { EventBusName: output('EventBusName'), Source: 'faults', DetailType: 'faults', Detail: '{}' };
    const { Entries = [], FailedEntryCount } = await bus.send(new PutEventsCommand({ Entries: Array(8).fill(Entry) }));
    expect(Entries.filter(({ EventId }) => EventId === undefined)).toHaveLength(FailedEntryCount ?? 0);
    expect(FailedEntryCount).toBeGreaterThan(0);
    expect(FailedEntryCount).toBeLessThan(8);
  });

  test('for SendMessageBatch, and duplicate repeats received messages', async () => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `faults-${ulid()}` }));
    try {
      half('SendMessageBatch');
      const Entries = Array.from({ length: 8 }, (_, index) => ({ Id: `${index}`, MessageBody: `${index}` }));
      const { Successful = [], Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      expect([Successful.length > 0, Failed.length > 0]).toEqual([true, true]);
      proxy.inject(1, { operation: 'ReceiveMessage', fault: { kind: 'duplicate', copies: 1 } });
      const bodies: string[] = [];
      for (let got = 1; got > 0; ) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        got = Messages.length;
        bodies.push(...Messages.map(({ Body = '' }) => Body));
      }
      expect(bodies.sort()).toEqual(Successful.flatMap(({ Id = '' }) => [Id, Id]).sort());
      expect(proxy.keptBack).toBe(0);
    } finally {
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    }
  });

  test('for PublishBatch, also when all entries fail', async () => {
    const entries = Array.from({ length: 8 }, (_, index) => ({ Id: `m${index}`, Message: '{"type":"faults"}' }));
    const publish = () =>
      sns.send(new PublishBatchCommand({ TopicArn: output('OrdersTopicArn'), PublishBatchRequestEntries: entries }));
    half('PublishBatch');
    const { Successful = [], Failed = [] } = await publish();
    expect([Successful.length > 0, Failed.length > 0]).toEqual([true, true]);
    expect([...Successful, ...Failed].map(({ Id }) => Id).sort()).toEqual(entries.map(({ Id }) => Id));
    proxy.inject(1, { operation: 'PublishBatch', fault: { kind: 'fail-entries' } });
    expect((await publish()).Failed).toHaveLength(8);
  });
});
