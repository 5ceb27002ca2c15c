import {
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import {
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { readLogLines } from '../../../ops/orders/log-lines.ts';
import { countDeadLetters } from '../../../ops/queues.ts';
import { countOrders } from '../../../ops/status/orders.ts';
import { verify } from '../../../ops/verify/verify.ts';
import { probeBody } from '../../builders/probes.ts';
import {
  bus,
  deadLetterQueueUrl,
  decided,
  depth,
  eventually,
  output,
  placed,
  publish,
  queueUrl,
  setReceiving,
  setStock,
  shop,
  sns,
  sqs,
  takeDeadLetter,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

const lambda = new LambdaClient(shop.config);

// Without them no request to the intake could be answered as it must.

const arnOf = async (QueueUrl: string) => {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return Attributes?.QueueArn ?? '';
};

/** Returns the hops that are dead, as `from → to`, with their problems. */
async function deadHops(): Promise<Record<string, string | undefined>> {
  const { hops } = await verify(shop, { timeoutSeconds: 60 });
  return Object.fromEntries(hops.filter(({ ok }) => !ok).map(({ from, to, problem }) => [`${from} → ${to}`, problem]));
}

async function sentTexts(): Promise<number> {
  const path = inject('engine') === 'ministack' ? '/_ministack/sns/sms-messages' : '/_aws/sns/sms-messages';
  const { sms_messages } = (await (await fetch(`${inject('endpoint')}${path}`)).json()) as {
    sms_messages: Record<string, unknown[]>;
  };
  return Object.values(sms_messages).flat().length;
}

test('every hop of the deployment delivers, and a verification leaves no order, text, metric or dead letter', async () => {
  await waitForEmptyQueues();
  const counts = async () => ({
    orders: await countOrders(shop),
    texts: await sentTexts(),
    letters: await countDeadLetters(shop),
  });
  const before = await counts();
  const from = Date.now();
  expect(await deadHops()).toEqual({});
  expect(await counts()).toEqual(before);
  // Each batch of messages that are none has a line with this.
  expect(await readLogLines(shop, 'DeadLettered', { from, until: Date.now() })).toEqual([]);
});

test("a dead letter of the shop stays where it is, and an earlier run's probe goes", async () => {
  const QueueUrl = deadLetterQueueUrl('payment');
  const before = (await depth(QueueUrl)).waiting;
  const own = `a letter of the shop ${Date.now()}`;
  for (const MessageBody of [own, probeBody({ expect: 'dead-letter', until: 1 })])
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  expect(await deadHops()).toEqual({});
  await eventually('the letter of the shop is left', async () => (await depth(QueueUrl)).waiting === before + 1, 20);
  expect((await takeDeadLetter('payment', own)).body).toBe(own);
});

test('a subscription that is gone is named', async () => {
  const endpoint = await arnOf(queueUrl('payment'));
  const TopicArn = output('OrdersTopicArn');
  let SubscriptionArn = '';
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client: sns }, { TopicArn }))
    SubscriptionArn ||= Subscriptions.find(({ Endpoint }) => Endpoint === endpoint)?.SubscriptionArn ?? '';
  const { Attributes = {} } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  const kept = ['FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy'].map((name) => [
    name,
    Attributes[name] ?? '',
  ]);
  await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  try {
    expect(await deadHops()).toEqual({
      'orders topic → payment': expect.stringContaining('no subscription of the orders topic sends to the queue'),
    });
  } finally {
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: endpoint, Attributes: Object.fromEntries(kept) }),
    );
  }
});

test('a rule target that is gone is named', async () => {
  const EventBusName = output('EventBusName');
  const TargetArn = await arnOf(queueUrl('outcomes'));
  const { RuleNames: [Rule = ''] = [] } = await bus.send(new ListRuleNamesByTargetCommand({ TargetArn, EventBusName }));
  const { Targets = [] } = await bus.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
  await bus.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: Targets.map(({ Id }) => Id ?? '') }));
  try {
    expect(await deadHops()).toEqual({
      'bus → outcomes': expect.stringContaining('no rule of the bus has the queue as its target'),
      'outcomes → outcomes dead letters': expect.stringContaining('no open way into outcomes'),
    });
  } finally {
    await bus.send(new PutTargetsCommand({ Rule, EventBusName, Targets }));
  }
});

test('a queue policy that is gone is named on every way into the queue, though an engine delivers all the same', async () => {
  const QueueUrl = queueUrl('stock');
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] });
  const { Attributes: { Policy = '' } = {} } = await sqs.send(ask);
  const setPolicy = (value: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: value } }));
  const nobody = { Version: '2012-10-17', Statement: [] };
  await setPolicy(JSON.stringify(nobody));
  try {
    expect(await deadHops()).toEqual({
      'orders topic → stock': expect.stringContaining('does not let sns.amazonaws.com send'),
      'bus → stock': expect.stringContaining('does not let events.amazonaws.com send'),
      'stock → stock dead letters': expect.stringContaining('no open way into stock'),
    });
  } finally {
    await setPolicy(Policy);
  }
});

test('an event source mapping that is disabled or gone is named', async () => {
  const hopsOf = (problem: string) => ({
    'orders topic → notification': expect.stringContaining(problem),
    'bus → notification': expect.stringContaining(problem),
    'notification → notification dead letters': expect.stringContaining(problem),
  });
  await setReceiving('notification', false);
  try {
    expect(await deadHops()).toEqual(hopsOf('notification is switched off'));
  } finally {
    await setReceiving('notification', true);
  }
  const EventSourceArn = await arnOf(queueUrl('notification'));
  const list = async () =>
    (await lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn }))).EventSourceMappings ?? [];
  const [mapping] = await list();
  await lambda.send(new DeleteEventSourceMappingCommand({ UUID: mapping?.UUID }));
  await eventually('the mapping is gone', async () => (await list()).length === 0, 30);
  try {
    expect(await deadHops()).toEqual(hopsOf('its event source mapping is gone'));
  } finally {
    const { FunctionArn: FunctionName, BatchSize, FunctionResponseTypes, ScalingConfig } = mapping ?? {};
    await lambda.send(
      new CreateEventSourceMappingCommand({
        EventSourceArn,
        FunctionName,
        BatchSize,
        FunctionResponseTypes,
        ScalingConfig,
      }),
    );
    await eventually('the mapping is enabled', async () => (await list())[0]?.State === 'Enabled', 30);
  }
});

test('what was put back delivers again: an order is decided and texted, and no letter is left', async () => {
  const letters = await countDeadLetters(shop);
  expect(await deadHops()).toEqual({});
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  await eventually('the customer is texted', async () => (await textsTo(order.phone)).length > 0);
  expect(await countDeadLetters(shop)).toBe(letters);
});
