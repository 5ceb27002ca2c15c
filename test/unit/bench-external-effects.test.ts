import { expect, test } from 'vitest';
import { tableNames } from '../../bench/local-aws/resources.ts';
import { isExternalEffect } from '../../bench/sections/counts/count.ts';
import type { ApiCall, Json } from '../harness/protocol.ts';

const { sandboxGateway, payments, stock, reservations } = tableNames('ours');

const call = (operation: string, body: Json): ApiCall => ({
  caller: 'payment',
  service: 'dynamodb',
  operation,
  body,
  query: new URLSearchParams(),
});

const publication = (operation: string, query: Record<string, string>): ApiCall => ({
  ...call(operation, {}),
  service: 'sns',
  query: new URLSearchParams(query),
});

test("what the sandbox gateway does in its own table is not one of the functions' calls", () => {
  const authorization = {
    TransactItems: [{ Update: { TableName: sandboxGateway } }, { Put: { TableName: sandboxGateway } }],
  };
  expect(isExternalEffect(call('TransactWriteItems', authorization), 'ours')).toBe(true);
  expect(isExternalEffect(call('GetItem', { TableName: sandboxGateway }), 'ours')).toBe(true);
  expect(isExternalEffect(call('Query', { TableName: sandboxGateway }), 'ours')).toBe(true);
});

test('a record of a payment and a transaction of stock are', () => {
  const reservation = { TransactItems: [{ Put: { TableName: reservations } }, { Update: { TableName: stock } }] };
  expect(isExternalEffect(call('TransactWriteItems', reservation), 'ours')).toBe(false);
  expect(isExternalEffect(call('PutItem', { TableName: payments }), 'ours')).toBe(false);
  expect(isExternalEffect(call('BatchExecuteStatement', { Statements: [] }), 'ours')).toBe(false);
});

test('a text is one, and a step on the lifecycle topic is not', () => {
  expect(isExternalEffect(publication('Publish', { PhoneNumber: '+821012345678' }), 'ours')).toBe(true);
  expect(isExternalEffect(publication('PublishBatch', { TopicArn: 'steps' }), 'ours')).toBe(false);
});
