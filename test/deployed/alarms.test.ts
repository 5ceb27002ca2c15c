import './provided.ts';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { expect, inject, onTestFinished, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { listAlarms, readState, setAlarmState } from '../../ops/alarm/alarms.ts';
import { testAlarm } from '../../ops/alarm/test-alarm.ts';
import { testWithCapability } from './capabilities.ts';
import {
  decided,
  eventually,
  output,
  placed,
  publish,
  setStock,
  shop,
  sns,
  sqs,
  takeDeadLetter,
  takeMessage,
  testOrder,
} from './deployed-shop.ts';
import { receiverAt } from './webhook-receiver.ts';

const cloudWatch = new CloudWatchClient(shop.config);

/** Creates a queue that is subscribed to the alarm topic. */
async function subscribedQueue(): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `alarms-${ulid()}` }));
  onTestFinished(() => sqs.send(new DeleteQueueCommand({ QueueUrl })).then(() => undefined));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({ TopicArn: output('AlarmTopicArn'), Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
  );
  onTestFinished(() => sns.send(new UnsubscribeCommand({ SubscriptionArn })).then(() => undefined));
  return QueueUrl;
}

test("every consumer has alarms, and a test alarm reaches the topic's subscribers", async () => {
  const names = (await listAlarms(shop, cloudWatch)).map(({ name }) => name);
  for (const name of Object.keys(routing)) expect(names).toContain(`${name}-dead-letters`);

  const queue = await subscribedQueue();
  const fired = await testAlarm(shop, cloudWatch, 'sweep-function-errors');
  expect(fired).toMatchObject({ name: 'sweep-function-errors', unconfirmed: 0 });
  expect(fired.subscribers).toBeGreaterThanOrEqual(1);
  const told = await eventually('the alarm is told', () =>
    takeMessage(queue, (body) => body.includes('sweep-function')),
  );
  expect(JSON.parse(JSON.parse(told.Body ?? '').Message)).toMatchObject({
    NewStateValue: 'ALARM',
    NewStateReason: expect.stringContaining('nothing is wrong'),
    AlarmDescription: expect.stringContaining('Run: npm run ops -- status'),
  });
});

const testAlarmOfMinutes = testWithCapability('alarm of several periods');
testAlarmOfMinutes('a message that a function gives up sets off the alarm that deployments watch', async () => {
  const poison = placed(testOrder({ quantity: 0 }));
  await publish(poison);
  for (const name of ['stock-dead-lettered', 'new-letters', 'letters']) {
    const isInAlarm = async () => (await readState(shop, cloudWatch, name)) === 'ALARM';
    expect(await eventually(`${name} is in ALARM`, isInAlarm)).toBe(true);
  }
  await takeDeadLetter('stock', poison.data.orderId);
});

/** Has the shop be well, whatever other tests have done to it, and returns what its pager was posted since. */
async function wellShop() {
  await setAlarmState(shop, cloudWatch, 'shop-ill', 'OK', 'before a test');
  const pager = receiverAt(inject('webhookPort'));
  const before = (await pager.receivedAt('/pager', 'AlarmName')).length;
  return async () =>
    (await pager.receivedAt('/pager', 'AlarmName'))
      .slice(before)
      .map(({ body }) => JSON.parse(JSON.parse(body).Message));
}

test('any critical alarm tells, through that of the whole shop, the webhook of the settings', async () => {
  const posted = await wellShop();
  const reason = `a test of ${ulid()}`;
  await setAlarmState(shop, cloudWatch, 'orders-topic-failed-deliveries', 'ALARM', reason);
  onTestFinished(() => setAlarmState(shop, cloudWatch, 'orders-topic-failed-deliveries', 'OK', reason));
  const told = await eventually('the pager is called', async () =>
    (await posted()).find(({ NewStateValue }) => NewStateValue === 'ALARM'),
  );
  expect(told).toMatchObject({
    AlarmName: expect.stringMatching(/-shop-ill$/),
    AlarmDescription: expect.stringMatching(/^Critical: /),
    NewStateReason: expect.stringContaining('transitioned to ALARM'),
  });
});

test('a test says who was reached: a webhook only with alarms of its severity, and without the path of its address', async () => {
  const posted = await wellShop();
  const target = { protocol: 'http', endpoint: `http://127.0.0.1:${inject('webhookPort')}/…` };
  const warning = await testAlarm(shop, cloudWatch, 'archive-function-errors');
  expect(warning.targets).toContainEqual({ ...target, outcome: 'other severity' });
  const critical = await testAlarm(shop, cloudWatch, 'orders-topic-failed-deliveries');
  expect(critical).toMatchObject({ name: 'shop-ill', tellsOf: 'orders-topic-failed-deliveries' });
  expect(critical.targets).toContainEqual({ ...target, outcome: 'sent' });
  // LocalStack evaluates the alarm again before it tells, and so tells of that.
  const isOfTest = /nothing is wrong|shop-ill transitioned to ALARM/;
  const all = await eventually('the pager is called', async () => {
    const messages = await posted();
    return messages.some(({ NewStateReason }) => isOfTest.test(NewStateReason)) ? messages : undefined;
  });
  expect(all.filter(({ AlarmName }) => !AlarmName.endsWith('-shop-ill'))).toEqual([]);
});

test('firing an unknown alarm fails', async () => {
  await expect(testAlarm(shop, cloudWatch, 'nobody-sleeps')).rejects.toThrow('There is no alarm nobody-sleeps');
});

test('a captured payment is counted as revenue in its currency and as done by its consumer', async () => {
  const order = testOrder();
  await setStock(order.sku, 1);
  const message = placed(order);
  // A code of ISO 4217 for tests, which no other order uses.
  message.data.total.currency = 'XTS';
  const start = Date.now() - 60_000;
  await publish(message);
  await decided(order.orderId);
  const sumOf = async (MetricName: string, Name: string, Value: string) => {
    const Metric = { Namespace: 'ShopMessaging', MetricName, Dimensions: [{ Name, Value }] };
    const { MetricDataResults: [result] = [] } = await cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(start),
        EndTime: new Date(Date.now() + 60_000),
        MetricDataQueries: [{ Id: 'sum', MetricStat: { Metric, Period: 60, Stat: 'Sum' } }],
      }),
    );
    return (result?.Values ?? []).reduce((sum, value) => sum + value, 0);
  };
  const revenue = await eventually('the revenue is counted', () => sumOf('RevenueCaptured', 'currency', 'XTS'));
  expect(revenue).toBe(message.data.total.amount);
  expect(await sumOf('Done', 'consumer', 'payment')).toBeGreaterThanOrEqual(1);
});
