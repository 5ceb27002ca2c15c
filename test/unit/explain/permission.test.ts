import { expect, test } from 'vitest';
import { describePolicy } from '../../../ops/explain/permission.ts';

test('a policy is told a sentence a statement, with short names of what it is about', () => {
  const policy = JSON.stringify({
    Statement: [
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:eu-west-1:123456789012:orders' } },
      },
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::210987654321:root' }, Action: ['sqs:ReceiveMessage'] },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:SendMessage',
        Condition: { StringNotEquals: { 'aws:SourceAccount': '123456789012' } },
      },
    ],
  });
  expect(describePolicy(policy)).toEqual([
    'Denies everyone sqs:*, if aws:SecureTransport is false.',
    'Allows sns.amazonaws.com sqs:SendMessage, if aws:SourceArn is orders.',
    'Allows arn:aws:iam::210987654321:root sqs:ReceiveMessage.',
    'Denies everyone sqs:SendMessage, if aws:SourceAccount StringNotEquals 123456789012.',
  ]);
  expect(describePolicy(undefined)).toEqual([]);
});
