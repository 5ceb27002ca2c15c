import '../provided.ts';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { readState } from '../../../ops/alarm/alarms.ts';
import { functionsAmong, listResources } from '../../../ops/functions.ts';
import { queueName } from '../../../ops/queues.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import { readDatapoints } from '../../../ops/status/datapoints.ts';
import { problemsOf } from '../../../ops/status/health.ts';
import type { MetricQuery } from '../../../ops/status/metrics.ts';
import { testWithCapability } from '../capabilities.ts';
import {
  depth,
  eventually,
  invokeSweep,
  output,
  placed,
  queueUrl,
  setReceiving,
  setVariable,
  shop,
  sqs,
  testOrder,
} from '../deployed-shop.ts';
import { runOps } from '../ops.ts';

const cloudWatch = new CloudWatchClient(shop.config);

/** Has CloudWatch count what an engine cannot lose. */
const count = (Namespace: string, MetricName: string, dimensions: Record<string, string>, Timestamp = new Date()) =>
  cloudWatch.send(
    new PutMetricDataCommand({
      Namespace,
      MetricData: [
        {
          MetricName,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          Timestamp,
          Value: 1,
        },
      ],
    }),
  );

/** Returns what the status says is wrong, with whom. */
const problems = async () =>
  problemsOf(await statusCollector(shop)()).map(({ consumer, state }) => `${consumer}: ${state}`);

let functionName: (name: string) => string;
let ruleNames: Map<string, string>;
beforeAll(async () => {
  const resources = await listResources(shop);
  const functions = new Map(functionsAmong(resources).map((one) => [one.name, one.functionName]));
  functionName = (name) => functions.get(name) ?? '';
  ruleNames = new Map(
    resources
      .filter(({ type }) => type === 'AWS::Events::Rule')
      .map(({ logicalId, physicalId }) => [logicalId.replace(/[\dA-F]{8}$/, ''), physicalId.split('|').at(-1) ?? '']),
  );
});

test('what AWS loses or refuses is named by the status', async () => {
  const rule = (name: string) => ({ EventBusName: output('EventBusName'), RuleName: ruleNames.get(name) ?? '' });
  await count('AWS/Events', 'InvocationsFailedToBeSentToDlq', rule('NotificationRule'));
  await count('AWS/Events', 'InvocationsFailedToBeSentToDlq', rule('ArchiveRule'));
  for (const topic of ['OrdersTopicArn', 'OrderLifecycleTopicArn']) {
    const dimensions = { TopicName: queueName(output(topic)) };
    await count('AWS/SNS', 'NumberOfNotificationsFailedToRedriveToDlq', dimensions);
  }
  await count('AWS/Lambda', 'RecursiveInvocationsDropped', { FunctionName: functionName('notification') });
  await count('AWS/Lambda', 'AsyncEventsDropped', { FunctionName: functionName('sweep') });
  for (const minutes of [0, 6]) {
    const at = new Date(Date.now() - minutes * 60_000);
    await count('AWS/Lambda', 'Throttles', { FunctionName: functionName('shipping') }, at);
  }

  expect(await problems()).toEqual(
    expect.arrayContaining([
      'notification: messages lost',
      'archive: messages lost',
      'orders topic: messages lost',
      'lifecycle feed: messages lost',
      'notification: taken for a loop',
      'sweep: runs dropped',
      'shipping: throttled',
    ]),
  );
});

const testAlarmOfMinutes = testWithCapability('alarm of several periods');
testAlarmOfMinutes('what AWS loses sets off its alarm', async () => {
  for (const name of [
    'notification-lost-events',
    'archive-lost-events',
    'orders-topic-lost-messages',
    'lifecycle-feed-lost-messages',
    'notification-recursive-invocations',
    'sweep-dropped-runs',
  ]) {
    const isInAlarm = async () => (await readState(shop, cloudWatch, name)) === 'ALARM';
    expect(await eventually(`${name} is in ALARM`, isInAlarm)).toBe(true);
  }
});

/** Serves Lambda's API as the engine does, except that event source mappings were changed so many hours earlier. */
async function lambdaWithMappingsChanged(hoursEarlier: () => number): Promise<string> {
  const server = createServer(async ({ url, headers: { authorization = '' } }, answer) => {
    const mapping = JSON.parse(
      await (await fetch(`${inject('endpoint')}${url}`, { headers: { authorization } })).text(),
    );
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ ...mapping, LastModified: mapping.LastModified - hoursEarlier() * 3_600 }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

testAlarmOfMinutes('a consumer switched off is named at once, and sets off an alarm after four hours', async () => {
  const sweep = output('SweepFunctionName');
  onTestFinished(async () => {
    await setVariable(sweep, 'AWS_ENDPOINT_URL_LAMBDA', undefined);
    await setReceiving('shipping', true);
  });
  await setReceiving('shipping', false);
  expect(await problems()).toContain('shipping: switched off');
  let hours = 3.9;
  await setVariable(sweep, 'AWS_ENDPOINT_URL_LAMBDA', await lambdaWithMappingsChanged(() => hours));
  await invokeSweep();
  const query: MetricQuery = {
    namespace: 'ShopMessaging',
    metric: 'PausedHours',
    dimensions: { consumer: 'sweep' },
    statistic: 'Maximum',
  };
  const measured = async () => {
    const datapointsOf = await readDatapoints(cloudWatch, [query], { minutes: 15, now: new Date() });
    return datapointsOf(query).some(({ value }) => value >= hours);
  };
  await eventually('the pause is measured', measured);
  const state = () => readState(shop, cloudWatch, 'paused-consumers');
  expect(await state()).toBe('OK');
  hours = 4;
  await invokeSweep();
  await eventually('its alarm goes off', async () => (await state()) === 'ALARM');
});

test('a step that did not reach the archive is a dead letter of it, and is put back into its queue', async () => {
  const step = placed(testOrder());
  const { orderId } = step.data;
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: output('ArchiveUndeliveredStepsDeadLetterQueueUrl'),
      MessageBody: JSON.stringify(step),
      MessageGroupId: orderId,
      MessageDeduplicationId: orderId,
    }),
  );
  expect(await problems()).toContain('archive: dead letters');
  const { result } = await runOps('dlq', 'list', '--consumer', 'archive', '--order', orderId);
  expect(result).toEqual([expect.objectContaining({ consumer: 'archive', count: 1 })]);
  const moved = await runOps('dlq', 'redrive', '--consumer', 'archive', '--order', orderId, '--yes');
  expect(moved.result).toEqual({ moved: 1, failed: 0 });
  const isArchived = async () => {
    const { waiting, inFlight } = await depth(queueUrl('archive'));
    return waiting + inFlight === 0;
  };
  expect(await eventually('the archive keeps it', isArchived)).toBe(true);
  expect(await problems()).not.toContain('archive: dead letters');
});

test('a missed run of the sweep is named, is not put back or parked, and can be discarded', async () => {
  const run = { version: '0', id: 'run-1', 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} };
  const QueueUrl = output('SweepDeadLetterQueueUrl');
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(run) }));
  expect(await problems()).toContain('sweep: dead letters');
  expect((await runOps('dlq', 'show', '--consumer', 'sweep')).result).toHaveLength(1);

  const park = ['--owner', 'ana', '--note', 'none', '--yes'];
  for (const refused of [
    ['redrive', '--yes'],
    ['park', ...park],
  ] as const) {
    const [action, ...options] = refused;
    const { code, said } = await runOps('dlq', action, '--consumer', 'sweep', ...options);
    expect(code).toBe(1);
    expect(said).toContain('npm run ops -- dlq discard --consumer sweep');
  }
  expect(await problems()).toContain('sweep: dead letters');
  const to = join(tmpdir(), `missed-runs-${Date.now()}.jsonl`);
  onTestFinished(() => rmSync(to, { force: true }));
  const { result } = await runOps('dlq', 'discard', '--consumer', 'sweep', '--yes', '--to', to);
  expect(result).toMatchObject({ discarded: 1, failed: 0 });
  expect(await problems()).not.toContain('sweep: dead letters');
});
