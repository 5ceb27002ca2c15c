import { expect, test } from 'vitest';
import { type Access, isAllowed, type Statement } from '../builders/iam-policy.ts';

const send = (context: Access['context'] = {}, resource = 'arn:aws:sqs:us-east-1:111111111111:shop-a'): Access => ({
  action: 'sqs:SendMessage',
  resource,
  context,
});
const allowing = (Condition: NonNullable<Statement['Condition']> = {}): Statement => ({
  Effect: 'Allow',
  Action: ['sqs:ReceiveMessage', 'sqs:sendmessage'],
  Resource: 'arn:aws:sqs:*:111111111111:shop-*',
  Condition,
});
const anything: Statement = { Effect: 'Allow', Action: 'sqs:*', Resource: '*' };

test('What no statement allows is refused: another action, and another resource', () => {
  expect(isAllowed([allowing()], send())).toBe(true);
  expect(isAllowed([], send())).toBe(false);
  expect(isAllowed([allowing()], { ...send(), action: 'sqs:DeleteMessage' })).toBe(false);
  expect(isAllowed([allowing()], send({}, 'arn:aws:sqs:us-east-1:111111111111:other'))).toBe(false);
});

test('A call on no resource is allowed by * alone', () => {
  expect(isAllowed([allowing()], send({}, '*'))).toBe(false);
  expect(isAllowed([anything], send({}, '*'))).toBe(true);
});

test('A statement that denies counts more than those that allow', () => {
  expect(isAllowed([anything, { ...allowing(), Effect: 'Deny' }], send())).toBe(false);
});

test('Every condition has to be met, and one without its key is not', () => {
  const both = allowing({ StringEquals: { kind: ['a', 'b'] }, ArnLike: { by: 'arn:*:shop-*' } });
  expect(isAllowed([both], send({ kind: ['b'], by: ['arn:aws:shop-x'] }))).toBe(true);
  expect(isAllowed([both], send({ kind: ['c'], by: ['arn:aws:shop-x'] }))).toBe(false);
  expect(isAllowed([both], send({ kind: ['b'], by: ['arn:aws:other'] }))).toBe(false);
  expect(isAllowed([both], send({ kind: ['b'] }))).toBe(false);
});

test('ForAllValues is met by no value, and Null tells whether there is one', () => {
  const each = allowing({ 'ForAllValues:StringEquals': { type: ['a', 'b'] } });
  expect(isAllowed([each], send({ type: ['a', 'b'] }))).toBe(true);
  expect(isAllowed([each], send({ type: ['a', 'c'] }))).toBe(false);
  expect(isAllowed([each], send())).toBe(true);
  expect(isAllowed([allowing({ Null: { type: 'false' } })], send())).toBe(false);
  expect(isAllowed([allowing({ Null: { type: 'false' } })], send({ type: ['a'] }))).toBe(true);
});

test('A condition that nobody taught it is no reason to allow', () => {
  expect(() => isAllowed([allowing({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })], send())).toThrow('IpAddress');
});
