import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { canTestEngine, eventually, startTestEngine } from '../harness/engine.ts';
import { zipOf } from './zip.ts';

// Sends the records it received as a message, without an SDK in the bundle.
const code = `
exports.handler = async ({ Records }) => {
  const MessageBody = JSON.stringify(Records.map(({ body, attributes }) => [attributes.MessageGroupId, body]));
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ QueueUrl: process.env.SEEN, MessageBody }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return { batchItemFailures: [] };
};`;

describe.each<EngineName>(['ministack', 'localstack'])('%s', async (name) => {
  describe.skipIf(!(await canTestEngine(name)))('batches of a FIFO queue', { timeout: 60_000 }, () => {
    let own: Awaited<ReturnType<typeof startTestEngine>>;
    beforeAll(async () => {
      own = await startTestEngine(name);
    }, 300_000);
    afterAll(() => own.end(), 30_000);

    it('contain several message groups, each in sequence', async () => {
      const sqs = new SQSClient(own.config);
      const lambda = new LambdaClient(own.config);
      const { QueueUrl: SEEN = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'seen' }));
      const { QueueUrl = '' } = await sqs.send(
        new CreateQueueCommand({ QueueName: 'steps.fifo', Attributes: { FifoQueue: 'true' } }),
      );
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
      const sent = ['a1', 'b1', 'a2', 'c1', 'b2', 'a3'];
      await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: sent.map((step) => ({
            Id: step,
            MessageBody: step,
            MessageGroupId: step.slice(0, 1),
            MessageDeduplicationId: step,
          })),
        }),
      );
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'listener',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/listener',
          Timeout: 5,
          Code: { ZipFile: zipOf('index.js', code) },
          Environment: { Variables: { SEEN } },
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: 'listener' });
      await lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName: 'listener',
          EventSourceArn: Attributes?.QueueArn,
          BatchSize: 10,
        }),
      );

      const seen: string[][] = [];
      let batches = 0;
      await eventually(
        'all steps',
        async () => {
          const { Messages = [] } = await sqs.send(
            new ReceiveMessageCommand({ QueueUrl: SEEN, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
          );
          for (const { Body = '[]' } of Messages) {
            batches += 1;
            seen.push(...JSON.parse(Body));
          }
          return seen.length >= sent.length ? true : undefined;
        },
        50,
      );
      expect(batches).toBeLessThan(3);
      for (const group of ['a', 'b', 'c']) {
        expect(seen.filter(([of]) => of === group).map(([, step]) => step)).toEqual(
          sent.filter((step) => step.startsWith(group)),
        );
      }
    });
  });
});
