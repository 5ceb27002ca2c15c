import '../provided.ts';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DeleteStackCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { readState } from '../../../ops/alarm/alarms.ts';
import { localTarget } from '../../../ops/aws-target.ts';
import { listResources } from '../../../ops/functions.ts';
import { deployedShop, findStack } from '../../../ops/stack.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import { problemsOf } from '../../../ops/status/health.ts';
import { copyCheckout, runDeploy } from '../checkout.ts';
import { eventually, sqs } from '../deployed-shop.ts';

const STACK = 'DeployTest-shoptest';
const settings = { paymentGateway: 'sandbox', stackName: 'DeployTest' };
const target = localTarget(inject('endpoint'));
const client = new CloudFormationClient(target.config);
let checkout = '';

beforeAll(async () => {
  if (inject('skip') === '') checkout = await copyCheckout();
});

afterAll(async () => {
  if (checkout === '') return;
  await rm(checkout, { recursive: true, force: true });
  if ((await findStack(target, STACK)) === undefined) return;
  await client.send(new UpdateTerminationProtectionCommand({ StackName: STACK, EnableTerminationProtection: false }));
  await client.send(new DeleteStackCommand({ StackName: STACK }));
  await eventually('the stack is deleted', async () => (await findStack(target, STACK)) === undefined, 100);
});

/** Adds an output to the copy's stack that fails its creation; returns what takes it away again. */
async function breakStack(): Promise<() => Promise<void>> {
  const file = join(checkout, 'infra', 'shop-messaging-stack.ts');
  const text = await readFile(file, 'utf8');
  const output = "new CfnOutput(this, 'OrdersTopicArn'";
  const broken = "new CfnOutput(this, 'Broken', { value: Fn.importValue('no-such-export') });\n    ";
  await writeFile(file, text.replace(output, `${broken}${output}`).replace('{ CfnOutput,', '{ CfnOutput, Fn,'));
  return () => writeFile(file, text);
}

const writeSettings = (changed: object) =>
  writeFile(join(checkout, 'settings', 'shoptest.json'), JSON.stringify({ ...settings, ...changed }));

const deploy = (...args: string[]) => runDeploy(checkout, 'shoptest', ...args);

/** What would be different after any deployment. */
const state = async () => {
  const { StackStatus, LastUpdatedTime, Outputs } = (await findStack(target, STACK)) ?? {};
  return { StackStatus, LastUpdatedTime, Outputs };
};

// A second stack takes LocalStack minutes; restore.test.ts deploys, is refused and changes the shop there by the same command.
const onMinistack = test.runIf(inject('engine') === 'ministack');

onMinistack('a first deployment that fails leaves nothing that is protected', async () => {
  await writeSettings({});
  const mend = await breakStack();
  const { code, said } = await deploy();
  await mend();
  expect(code, said).toBe(1);
  expect(await findStack(target, STACK)).toMatchObject({
    StackStatus: 'ROLLBACK_COMPLETE',
    EnableTerminationProtection: false,
  });
});

onMinistack("a stage's file is deployed", async () => {
  await writeSettings({});
  const first = await deploy();
  expect(first, first.said).toMatchObject({ code: 0, result: { first: true, deployed: true, stackName: STACK } });
  expect(first.result.hops.length).toBeGreaterThan(20);
  expect((await findStack(target, STACK))?.EnableTerminationProtection).toBe(true);
});

// Here, because only of a new shop the sweep has not run: its alarm looks at the last fifteen minutes.
onMinistack('a sweep that does not run is in alarm, and named by the status', async () => {
  // Deployed long ago: a new shop is given twenty minutes.
  const createdAt = new Date(0);
  const shop = { ...deployedShop(target, (await findStack(target, STACK)) ?? {}), createdAt };
  const schedule = (await listResources(shop)).find(({ logicalId }) => logicalId.startsWith('SweepSchedule'));
  const events = new EventBridgeClient(shop.config);
  await events.send(new DisableRuleCommand({ Name: schedule?.physicalId }));
  onTestFinished(async () => {
    await events.send(new EnableRuleCommand({ Name: schedule?.physicalId }));
  });
  const FunctionName = shop.output('SweepFunctionName');
  const cloudWatch = new CloudWatchClient(shop.config);
  const lastRun = {
    MetricName: 'Invocations',
    Dimensions: [{ Name: 'FunctionName', Value: FunctionName }],
    Timestamp: new Date(Date.now() - 25 * 60_000),
    Value: 1,
  };
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'AWS/Lambda', MetricData: [lastRun] }));
  const stateOf = () => readState(shop, cloudWatch, 'sweep-not-running');
  const ofSweep = async () => problemsOf(await statusCollector(shop)()).filter(({ consumer }) => consumer === 'sweep');
  expect(await stateOf()).toBe('ALARM');
  expect(await ofSweep()).toMatchObject([
    { state: 'not running', sentence: expect.stringMatching(/^it has not run for \d/) },
  ]);

  await new LambdaClient(shop.config).send(new InvokeCommand({ FunctionName }));
  await eventually('its alarm is over', async () => (await stateOf()) === 'OK');
  expect(await ofSweep()).toEqual([]);
});

onMinistack("a stage's file is changed, and not changed when it would lose something", async () => {
  await writeSettings({ reminderHours: 6 });
  const changed = await deploy();
  expect(changed.said).toContain('reminderHours: 0 → 6');
  expect(changed, changed.said).toMatchObject({ code: 0, result: { first: false, deployed: true, lost: [] } });

  const before = await state();
  const queue = before.Outputs?.find(({ OutputKey }) => OutputKey === 'StockDeadLetterQueueUrl')?.OutputValue ?? '';
  await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: '{}' }));
  await writeSettings({ reminderHours: 6, encryption: 'aws', paymentGateway: 'stripe', stripeSecret: 'shop/stripe' });
  const refused = await deploy();
  expect(refused.code).toBe(1);
  for (const sentence of [
    /paymentGateway: sandbox → stripe.*--change paymentGateway/,
    /encryption: customer → aws.*--change encryption/,
    /SandboxGatewayTable498CEC9D would be removed, and the shop loses .*--replace SandboxGatewayTable498CEC9D/,
    /Key961B73FD would be removed.*--replace Key961B73FD/,
  ]) {
    expect(refused.said).toMatch(sentence);
  }

  const confirmed = ['--change', 'paymentGateway', '--change', 'encryption'];
  const named = ['--replace', 'SandboxGatewayTable498CEC9D', '--replace', 'Key961B73FD'];
  const waiting = await deploy('--app', '.local/deploy/shoptest', ...confirmed, ...named);
  expect(waiting.code).toBe(1);
  const [, ...sentences] = waiting.said.slice(waiting.said.indexOf('Refused')).trim().split('\n');
  expect(sentences).toEqual([expect.stringMatching(/encryption: customer → aws: .*StockDeadLetterQueue.* 1 waiting/)]);
  expect(await state()).toEqual(before);
});
