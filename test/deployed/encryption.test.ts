import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { queueUrl, sqs } from './deployed-shop.ts';

test("a queue has the stack's key, with which orders get through as every other test sees", async () => {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl('order'), AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    KmsMasterKeyId: expect.stringMatching(/^arn:aws:kms:/),
    KmsDataKeyReusePeriodSeconds: '3600',
  });
});
