import '../provided.ts';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { CANNOT_START } from '../../../lambdas/runtime/lambda-handler.ts';
import { findFunctions } from '../../../ops/functions.ts';
import { findTrace } from '../../../ops/orders/find-trace.ts';
import { readLogLines } from '../../../ops/orders/log-lines.ts';
import { statusCollector } from '../../../ops/status/collect.ts';
import { problemsOf } from '../../../ops/status/health.ts';
import {
  decided,
  eventually,
  placed,
  publish,
  queueUrl,
  setStock,
  setVariable,
  shop,
  sqs,
  testOrder,
  textsTo,
} from '../deployed-shop.ts';

const CONSUMER = 'notification';
const VARIABLE = 'SMS_SETTINGS';

/** Sets for how many seconds the consumer's queue hides what was received; returns what it was. */
async function setVisibilityTimeout(seconds: string): Promise<string> {
  const QueueUrl = queueUrl(CONSUMER);
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] });
  const { Attributes = {} } = await sqs.send(ask);
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: seconds } }));
  return Attributes.VisibilityTimeout ?? '30';
}

/** Counts how often the consumer's function could not start, as its alarm does. */
async function startFailures(): Promise<number> {
  const { Datapoints = [] } = await new CloudWatchClient(shop.config).send(
    new GetMetricStatisticsCommand({
      Namespace: shop.stackName,
      MetricName: 'StartFailed',
      Dimensions: [{ Name: 'consumer', Value: CONSUMER }],
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ['Sum'],
    }),
  );
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

test('a function without one of its variables is named with it everywhere, and catches up once it is back', async () => {
  const collect = statusCollector(shop);
  const problems = async () =>
    problemsOf(await collect()).filter(({ consumer, state }) => consumer === CONSUMER && state === 'cannot start');
  const functionName = (await findFunctions(shop)).find(({ name }) => name === CONSUMER)?.functionName ?? '';
  // What was received comes again soon.
  const visibilityTimeout = await setVisibilityTimeout('8');
  onTestFinished(async () => {
    await setVisibilityTimeout(visibilityTimeout);
  });
  const value = await setVariable(functionName, VARIABLE, undefined);
  onTestFinished(async () => {
    await setVariable(functionName, VARIABLE, value);
  });
  const from = Date.now();
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  await decided(order.orderId);

  const [problem] = await eventually('the status names the function', async () => {
    const found = await problems();
    return found.length > 0 ? found : undefined;
  });
  expect(problem?.sentence).toContain(`The environment variable ${VARIABLE} is not set`);
  const lines = await readLogLines(shop, CANNOT_START, { from, until: Date.now() });
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ consumer: CONSUMER, errorMessage: expect.stringContaining(VARIABLE) }),
  );
  const { trace } = await findTrace(shop, order.orderId, { logHours: 1 });
  expect(trace?.cannotStart).toEqual([
    expect.objectContaining({ consumer: CONSUMER, errorMessage: expect.stringContaining(VARIABLE) }),
  ]);
  await eventually('the alarm has something to go off for', async () => (await startFailures()) > 0);

  await setVariable(functionName, VARIABLE, value);
  await eventually('the customer is texted', async () => (await textsTo(order.phone)).length === 1);
  await eventually('the status names it no more', async () => (await problems()).length === 0);
});
