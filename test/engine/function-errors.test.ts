import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { canTestEngine, eventually, startTestEngine } from '../harness/engine.ts';
import { zipOf } from './zip.ts';

describe.each<EngineName>(['ministack', 'localstack'])('%s', async (name) => {
  describe.skipIf(!(await canTestEngine(name)))('logs and counts the errors of functions', { timeout: 60_000 }, () => {
    let own: Awaited<ReturnType<typeof startTestEngine>>;

    beforeAll(async () => {
      own = await startTestEngine(name);
    }, 300_000);

    afterAll(() => own.end(), 30_000);

    /** Creates a function that gets a message from a queue. */
    async function receive(FunctionName: string, code: string): Promise<void> {
      const lambda = new LambdaClient(own.config);
      const sqs = new SQSClient(own.config);
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName,
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/probe',
          Code: { ZipFile: zipOf('index.js', code) },
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName });
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: FunctionName }));
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
      const EventSourceArn = Attributes?.QueueArn;
      await lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    }

    /** Waits for a line in a function's log. */
    const logged = (functionName: string, phrase: string) =>
      eventually(`${functionName} logs ${phrase}`, async () => {
        const { events = [] } = await new CloudWatchLogsClient(own.config)
          .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${functionName}` }))
          // The group is created with the first line.
          .catch(() => ({ events: [] }));
        return events.flatMap(({ message = '' }) => message.split('\n')).find((line) => line.includes(phrase));
      });

    const errorsOf = async (functionName: string) => {
      const { Datapoints = [] } = await new CloudWatchClient(own.config).send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/Lambda',
          MetricName: 'Errors',
          Dimensions: [{ Name: 'FunctionName', Value: functionName }],
          StartTime: new Date(Date.now() - 600_000),
          EndTime: new Date(Date.now() + 60_000),
          Period: 3_600,
          Statistics: ['Sum'],
        }),
      );
      const sum = Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
      return sum > 0 ? sum : undefined;
    };

    it('of one that throws while it is loaded, in the words of Lambda’s runtime', async () => {
      await receive('unloadable', "throw new RangeError('no such thing');");
      const line = await logged('unloadable', 'no such thing');
      expect(line).toMatch(/^[\dT:.-]+Z\tundefined\tERROR\tUncaught Exception\s+\{.*"errorMessage": ?"no such thing"/);
      await eventually('the error is counted', () => errorsOf('unloadable'));
    });

    it('of one that ends its process', async () => {
      await receive('exiting', 'exports.handler = async () => process.exit(3);');
      expect(await logged('exiting', 'rror')).toBeTruthy();
      await eventually('the error is counted', () => errorsOf('exiting'));
    });
  });
});
