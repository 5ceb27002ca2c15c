import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { deadLetterQueueUrl, queueUrl, sqs } from './deployed-shop.ts';

test("a queue is encrypted with the stack's key", async () => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl('order'), AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    KmsMasterKeyId: expect.stringMatching(/^arn:aws:kms:/),
    KmsDataKeyReusePeriodSeconds: '3600',
  });
});

test('a dead-letter queue is encrypted with the key of SQS', async () => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl('outcomes'), AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({ SqsManagedSseEnabled: 'true' });
  expect(Attributes).not.toHaveProperty('KmsMasterKeyId');
});
