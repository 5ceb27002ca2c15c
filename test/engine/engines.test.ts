import { networkInterfaces } from 'node:os';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import {
  BatchExecuteStatementCommand,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeArchiveCommand,
  EventBridgeClient,
  PutEventsCommand,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '../../localstack/engine.ts';
import { listProcessGroup } from '../../localstack/processes.ts';
import { canTestEngine, eventually, startTestEngine } from '../harness/engine.ts';
import { zipOf } from './zip.ts';

const code = `
const { spawn } = require('node:child_process');
let invocations = 0;
exports.handler = async (event, context) => {
  invocations += 1;
  if (event.say) console.log(event.say);
  if (event.exit) process.exit(event.exit);
  if (event.throw) throw new RangeError(event.throw);
  if (event.reject) setTimeout(() => { throw new Error('nobody caught this'); }, 1);
  if (event.child) return spawn('sleep', ['300'], { stdio: 'ignore' }).pid;
  if (event.hog) for (const held = []; ; ) held.push(new Array(1e6).fill(held.length));
  if (event.spin) for (;;);
  if (event.wait) await new Promise((later) => setTimeout(later, event.wait));
  return {
    invocations,
    pid: process.pid,
    node: process.version,
    env: process.env,
    left: context.getRemainingTimeInMillis(),
    arn: context.invokedFunctionArn,
    memory: Number(context.memoryLimitInMB),
  };
};`;

describe.each<EngineName>(['ministack', 'localstack'])('%s', async (name) => {
  describe.skipIf(!(await canTestEngine(name)))('supports what the shop relies on', { timeout: 30_000 }, () => {
    let own: Awaited<ReturnType<typeof startTestEngine>>;
    let lambda: LambdaClient;

    beforeAll(async () => {
      own = await startTestEngine(name);
      lambda = new LambdaClient(own.config);
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'probe',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/probe',
          Timeout: 2,
          MemorySize: 128,
          Code: { ZipFile: zipOf('index.js', code) },
          Environment: { Variables: { COLOUR: 'blue' } },
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: 'probe' });
    }, 300_000);

    afterAll(async () => {
      const group = own.engine.pid;
      await own.end();
      expect(await listProcessGroup(group), 'processes left behind').toEqual([]);
    }, 30_000);

    const invoke = async (event: object) => {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: 'probe', Payload: JSON.stringify(event) }),
      );
      return { failed: FunctionError !== undefined, result: JSON.parse(Buffer.from(Payload ?? []).toString()) };
    };

    it('is reachable from this machine only', async () => {
      const { port } = new URL(own.engine.endpoint);
      const outside = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .find(({ internal, family }) => !internal && family === 'IPv4');
      if (outside === undefined) return;
      await expect(fetch(`http://${outside.address}:${port}/_localstack/health`)).rejects.toThrow();
    });

    it('runs a warm function on the pinned Node version with its environment and limits', async () => {
      const { result: first } = await invoke({});
      const { result: second } = await invoke({});
      expect(second.pid).toBe(first.pid);
      expect(second.invocations).toBe(first.invocations + 1);
      expect(first.node).toBe(process.version);
      expect(first).toMatchObject({ memory: 128, arn: expect.stringMatching(/^arn:aws:lambda:us-east-1:.*probe$/) });
      expect(first.left).toBeLessThanOrEqual(2_000);
      expect(first.env).toMatchObject({
        COLOUR: 'blue',
        AWS_ENDPOINT_URL: own.engine.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_LAMBDA_FUNCTION_NAME: 'probe',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      });
      expect(first.env.AWS_ACCESS_KEY_ID).toBeTruthy();
      expect(first.env.AWS_PROFILE).toBeUndefined();
    });

    it('reports an error that a function throws and invokes it again', async () => {
      const { pid } = (await invoke({})).result;
      const thrown = await invoke({ throw: 'out of range' });
      expect(thrown).toMatchObject({ failed: true, result: { errorMessage: 'out of range' } });
      const after = await invoke({});
      expect(after.failed).toBe(false);
      // MiniStack reports every handler error as Runtime.HandlerError and starts a new process afterwards.
      if (name === 'ministack') return;
      expect(thrown.result.errorType).toBe('RangeError');
      expect(after.result.pid).toBe(pid);
    });

    it.each([{ exit: 7 }, { spin: true }, { hog: true }, { reject: true, wait: 20_000 }])(
      'starts a new process after a function that does %j',
      async (event) => {
        const before = (await invoke({})).result;
        const start = Date.now();
        expect((await invoke(event)).failed).toBe(true);
        expect(Date.now() - start).toBeLessThan(6_000);
        const after = await invoke({});
        expect(after.failed).toBe(false);
        expect(after.result.pid).not.toBe(before.pid);
      },
    );

    it('ends a function at its timeout and continues with a new process', async () => {
      const { pid } = (await invoke({})).result;
      expect(JSON.stringify((await invoke({ wait: 20_000 })).result)).toMatch(/timed out after 2/i);
      expect((await invoke({})).result.pid).not.toBe(pid);
    });

    it("keeps a function's output in its log, also when the invocation died", async () => {
      await invoke({ say: 'to be found in the log' });
      await invoke({ say: 'last words', exit: 1 });
      await eventually('the log', async () => {
        const log = await logOf(own.engine.endpoint, '/aws/lambda/probe');
        return log.includes('to be found in the log') && log.includes('last words') ? true : undefined;
      });
    });

    it('writes up to 25 conditional statements in one call with one result each', async () => {
      const client = new DynamoDBClient(own.config);
      await client.send(
        new CreateTableCommand({
          TableName: 'orders',
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        }),
      );
      await client.send(new PutItemCommand({ TableName: 'orders', Item: { pk: { S: 'there' }, v: { N: '1' } } }));
      const insert = (pk: string) => ({
        Statement: `INSERT INTO "orders" VALUE {'pk': ?, 'v': ?}`,
        Parameters: [{ S: pk }, { N: '9' }],
      });
      const update = (pk: string, expected: string) => ({
        Statement: `UPDATE "orders" SET v=? WHERE pk=? AND v=?`,
        Parameters: [{ N: '2' }, { S: pk }, { N: expected }],
      });
      const { Responses = [] } = await client.send(
        new BatchExecuteStatementCommand({ Statements: [insert('new'), insert('there'), update('there', '5')] }),
      );
      expect(Responses.map((response) => response.Error?.Code)).toEqual([
        undefined,
        'DuplicateItem',
        'ConditionalCheckFailed',
      ]);
      const again = await client.send(new BatchExecuteStatementCommand({ Statements: [update('there', '1')] }));
      expect(again.Responses?.[0]?.Error).toBeUndefined();
      const item = (pk: string) => client.send(new GetItemCommand({ TableName: 'orders', Key: { pk: { S: pk } } }));
      expect((await item('there')).Item).toMatchObject({ v: { N: '2' } });
      expect((await item('new')).Item).toMatchObject({ v: { N: '9' } });
    });

    it('deploys tables and an event archive with CloudFormation and replays archived events', async () => {
      const cloudFormation = new CloudFormationClient(own.config);
      const events = new EventBridgeClient(own.config);
      const sqs = new SQSClient(own.config);
      await cloudFormation.send(new CreateStackCommand({ StackName: 'shop', TemplateBody: templateKeeping(7) }));
      const stack = () => cloudFormation.send(new DescribeStacksCommand({ StackName: 'shop' }));
      const outputs = await eventually('the stack', async () => {
        const { StackStatus, Outputs = [] } = (await stack()).Stacks?.[0] ?? {};
        expect(StackStatus).toMatch(/^CREATE_(COMPLETE|IN_PROGRESS)$/);
        return StackStatus === 'CREATE_COMPLETE'
          ? Object.fromEntries(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']))
          : undefined;
      });
      const { archive = '', archiveArn, queue, bus = '' } = outputs;
      const described = await events.send(new DescribeArchiveCommand({ ArchiveName: archive }));
      expect(described).toMatchObject({ ArchiveArn: archiveArn, RetentionDays: 7, State: 'ENABLED' });
      const seen = () => received(sqs, queue ?? '');
      const entry = (Source: string) => ({ Source, DetailType: 'sold', Detail: '{"n":1}', EventBusName: bus });
      await events.send(new PutEventsCommand({ Entries: [entry('shop'), entry('elsewhere')] }));
      const live = [...(await eventually('delivery', seen)), ...(await eventually('delivery', seen))];
      expect(live.sort()).toEqual(['elsewhere', 'shop']);
      await events.send(
        new StartReplayCommand({
          ReplayName: 'again',
          EventSourceArn: archiveArn,
          EventStartTime: new Date(Date.now() - 3_600_000),
          EventEndTime: new Date(Date.now() + 60_000),
          Destination: { Arn: described.EventSourceArn },
        }),
      );
      expect(await eventually('the replay', seen)).toEqual(['shop']);
      await cloudFormation.send(new UpdateStackCommand({ StackName: 'shop', TemplateBody: templateKeeping(14) }));
      await eventually('the longer retention', async () => {
        const { RetentionDays } = await events.send(new DescribeArchiveCommand({ ArchiveName: archive }));
        const { StackStatus } = (await stack()).Stacks?.[0] ?? {};
        return RetentionDays === 14 && StackStatus === 'UPDATE_COMPLETE' ? true : undefined;
      });
      await cloudFormation.send(new DeleteStackCommand({ StackName: 'shop' }));
      await eventually('deletion', async () => {
        const status = await stack().then(
          ({ Stacks }) => Stacks?.[0]?.StackStatus,
          () => 'DELETE_COMPLETE',
        );
        expect(status).toMatch(/^DELETE_(COMPLETE|IN_PROGRESS)$/);
        return status === 'DELETE_COMPLETE' ? true : undefined;
      });
      await expect(events.send(new DescribeArchiveCommand({ ArchiveName: archive }))).rejects.toThrow();
    });

    it('keeps message groups and deduplicates on a FIFO topic deployed with CloudFormation', async () => {
      const cloudFormation = new CloudFormationClient(own.config);
      const sqs = new SQSClient(own.config);
      await cloudFormation.send(new CreateStackCommand({ StackName: 'feed', TemplateBody: fifoTemplate }));
      const outputs = await eventually('the stack', async () => {
        const { Stacks: [stack] = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'feed' }));
        expect(stack?.StackStatus).toMatch(/^CREATE_(COMPLETE|IN_PROGRESS)$/);
        if (stack?.StackStatus !== 'CREATE_COMPLETE') return undefined;
        return Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
      });
      const entry = (group: string, message: string) => ({
        Id: message,
        Message: message,
        MessageGroupId: group,
        MessageDeduplicationId: message,
      });
      const PublishBatchRequestEntries = [entry('a', 'a1'), entry('b', 'b1'), entry('a', 'a2')];
      const publish = new PublishBatchCommand({ TopicArn: outputs.topic, PublishBatchRequestEntries });
      await new SNSClient(own.config).send(publish);
      // LocalStack leaves deduplication to the queue.
      await new SNSClient(own.config).send(publish);
      const receive = async () => {
        const ask = { QueueUrl: outputs.queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ ...ask, MessageSystemAttributeNames: ['MessageGroupId'] }),
        );
        for (const { ReceiptHandle } of Messages) {
          await sqs.send(new DeleteMessageCommand({ QueueUrl: outputs.queue, ReceiptHandle }));
        }
        return Messages.map(({ Body, Attributes }) => `${Attributes?.MessageGroupId} ${Body}`);
      };
      const seen: string[] = [];
      await eventually('delivery', async () => {
        seen.push(...(await receive()));
        return seen.length >= 3 || undefined;
      });
      expect(seen.filter((one) => one.startsWith('a'))).toEqual(['a a1', 'a a2']);
      expect(seen.filter((one) => one.startsWith('b'))).toEqual(['b b1']);
    });

    it('ends the processes that a function started when the engine ends', async () => {
      const { result: child } = await invoke({ child: true });
      const group = await listProcessGroup(own.engine.pid);
      // The check in afterAll fails if it survives.
      expect(group.map(({ pid }) => pid)).toContain(child);
    });
  });
});

/** Receives once and returns the sources of the events, or `undefined` when there are none. */
async function received(sqs: SQSClient, QueueUrl: string): Promise<string[] | undefined> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
  return Messages.length === 0 ? undefined : Messages.map(({ Body }) => String(JSON.parse(Body ?? '{}').source));
}

/** Reads a log group without another SDK client. */
async function logOf(endpoint: string, logGroupName: string): Promise<string> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.FilterLogEvents',
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ logGroupName }),
  });
  return response.text();
}

// A FIFO topic with a subscribed FIFO queue.
const fifoTemplate = JSON.stringify({
  Resources: {
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'feed.fifo', FifoTopic: true } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'feed.fifo', FifoQueue: true } },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        RawMessageDelivery: true,
      },
    },
  },
  Outputs: { topic: { Value: { Ref: 'Topic' } }, queue: { Value: { Ref: 'Queue' } } },
});

const arnOf = (resource: string) => ({ 'Fn::GetAtt': [resource, 'Arn'] });

// A stack with an event archive that retains events for the given number of days.
const templateKeeping = (RetentionDays: number) =>
  JSON.stringify({
    Resources: {
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'shop' } },
      Archive: {
        Type: 'AWS::Events::Archive',
        Properties: { SourceArn: arnOf('Bus'), RetentionDays, EventPattern: { source: ['shop'] } },
      },
      Queue: { Type: 'AWS::SQS::Queue' },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventBusName: { Ref: 'Bus' },
          EventPattern: { 'detail-type': ['sold'] },
          Targets: [{ Id: 'queue', Arn: arnOf('Queue') }],
        },
      },
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'status', AttributeType: 'S' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'byStatus',
              KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          ],
        },
      },
    },
    Outputs: {
      archive: { Value: { Ref: 'Archive' } },
      archiveArn: { Value: arnOf('Archive') },
      queue: { Value: { Ref: 'Queue' } },
      bus: { Value: { Ref: 'Bus' } },
    },
  });
