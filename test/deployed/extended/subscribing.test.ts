import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  DeleteRuleCommand,
  ListRuleNamesByTargetCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { paginateListSubscriptionsByTopic, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { orderProgressed } from '../../../contracts/lifecycle.ts';
import { orderCancelRefused, orderConfirmed, orderRefused } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { engineEnvironment } from '../../../localstack/environment.ts';
import { explain } from '../../../ops/explain/explain.ts';
import { pageCommands, pageFile, pageFiles } from '../../builders/subscribing-page.ts';
import {
  bus,
  cancelRequested,
  decided,
  eventually,
  output,
  placed,
  publish,
  setStock,
  shop,
  sns,
  sqs,
  testOrder,
} from '../deployed-shop.ts';

// Sets up queues by hand with exactly the JSON that docs/subscribing.md shows, as a team does that follows it.

const run = promisify(execFile);

type Queue = { url: string; arn: string };
const created: Queue[] = [];

// Other files of the suite share the shop: nothing of this one gets its events afterwards.
afterAll(async () => {
  for (const { url, arn } of created) {
    await takeFromBus(arn);
    await takeFromFeed(arn);
    await sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
  }
});

async function takeFromBus(TargetArn: string): Promise<void> {
  const EventBusName = output('EventBusName');
  const { RuleNames = [] } = await bus.send(new ListRuleNamesByTargetCommand({ EventBusName, TargetArn }));
  for (const Rule of RuleNames) {
    await bus.send(new RemoveTargetsCommand({ EventBusName, Rule, Ids: ['crm'] }));
    await bus.send(new DeleteRuleCommand({ EventBusName, Name: Rule }));
  }
}

async function takeFromFeed(arn: string): Promise<void> {
  const pages = paginateListSubscriptionsByTopic({ client: sns }, { TopicArn: output('OrderLifecycleTopicArn') });
  for await (const { Subscriptions = [] } of pages)
    for (const { SubscriptionArn, Endpoint } of Subscriptions)
      if (Endpoint === arn) await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
}

type Pair = { queue: Queue; deadLetters: Queue; variables: Record<string, string> };

async function createQueue(QueueName: string, Attributes: Record<string, string> = {}): Promise<Queue> {
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  const ask = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
  const queue = { url, arn: (await sqs.send(ask)).Attributes?.QueueArn ?? '' };
  created.push(queue);
  return queue;
}

const setAttributes = (queue: Queue, Attributes: Record<string, string>) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));

/** Makes a queue and its dead-letter queue, into which both the page's policy and its redrive policy lead. */
async function createPair(policy: string, SOURCE_ARN: string, fifo = false): Promise<Pair> {
  const [name, attributes] = [`team-${ulid()}`, fifo ? { FifoQueue: 'true' } : {}];
  const queueName = (kind = '') => `${name}${kind}${fifo ? '.fifo' : ''}`;
  const [queue, deadLetters] = await Promise.all([
    createQueue(queueName(), attributes),
    createQueue(queueName('-dead-letters'), attributes),
  ]);
  const variables = { SOURCE_ARN, QUEUE_ARN: queue.arn, DEAD_LETTER_QUEUE_ARN: deadLetters.arn };
  await setAttributes(queue, { RedrivePolicy: pageFile('redrive-policy.json', variables) });
  for (const one of [queue, deadLetters])
    await setAttributes(one, { Policy: pageFile(policy, { ...variables, RESOURCE_ARN: one.arn }) });
  return { queue, deadLetters, variables };
}

/** A rule with a pattern of the page and the page's target; `change` is what somebody does otherwise with the target. */
async function ruleByHand(EventPattern: string, change: (target: Record<string, unknown>) => void = () => {}) {
  const [Name, EventBusName] = [`team-${ulid()}`, output('EventBusName')];
  const { RuleArn = '' } = await bus.send(new PutRuleCommand({ Name, EventBusName, EventPattern }));
  const pair = await createPair('rule-policy.json', RuleArn);
  const Targets = JSON.parse(pageFile('targets.json', pair.variables));
  Targets.forEach(change);
  await bus.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets }));
  return { ...pair, arn: RuleArn };
}

/** A FIFO queue that is subscribed to the feed with the page's attributes, of which some may be left out. */
async function subscriptionByHand(...leftOut: string[]) {
  const TopicArn = output('OrderLifecycleTopicArn');
  const pair = await createPair('topic-policy.json', TopicArn, true);
  const Attributes = JSON.parse(pageFile('subscription.json', pair.variables));
  for (const name of leftOut) delete Attributes[name];
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: pair.queue.arn, Attributes }));
  return pair;
}

/** Receives and deletes messages until `done`, and returns all that came, those of other tests' orders included. */
async function receiveUntil(what: string, { url: QueueUrl }: Queue, done: (all: Message[]) => boolean) {
  const all: Message[] = [];
  await eventually(what, async () => {
    const ask = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    all.push(...Messages);
    return done(all);
  });
  return all;
}

const holding =
  (...texts: string[]) =>
  (all: Message[]) =>
    texts.every((text) => all.some(({ Body = '' }) => Body.includes(text)));

async function confirmedOrder(unitPrice = 12_000): Promise<string> {
  const order = testOrder({ unitPrice });
  await setStock(order.sku, 1);
  await publish(placed(order));
  await decided(order.orderId);
  return order.orderId;
}

const bodiesOf = (messages: readonly Message[], orderId: string) =>
  messages.flatMap(({ Body = '' }) => (Body.includes(orderId) ? [JSON.parse(Body)] : []));

describe('A rule of your own, as the page sets it up', () => {
  let byHand: Awaited<ReturnType<typeof ruleByHand>>;
  let wrapped: typeof byHand;

  beforeAll(async () => {
    byHand = await ruleByHand(pageFile('pattern.json'));
    wrapped = await ruleByHand(pageFile('pattern.json'), (target) => delete target.InputPath);
  });

  test('brings the orders that its pattern selects, bare and without attributes, and no others', async () => {
    const small = await confirmedOrder(99_999);
    const large = await confirmedOrder(100_000);
    const came = await receiveUntil('the large order comes', byHand.queue, holding(large));
    expect(bodiesOf(came, small)).toEqual([]);
    const [message] = came.filter(({ Body = '' }) => Body.includes(large));
    expect(message?.MessageAttributes).toBeUndefined();
    expect(parseEvent(message?.Body ?? '', [orderConfirmed])).toMatchObject({
      id: `${large}.confirmed`,
      source: '/shop/order',
      data: { orderId: large, total: { amount: 100_000, currency: 'KRW' } },
    });
  });

  test("brings EventBridge's envelope where its target has no InputPath", async () => {
    const orderId = await confirmedOrder(100_000);
    const [body] = bodiesOf(await receiveUntil('it comes', wrapped.queue, holding(orderId)), orderId);
    expect(body).toMatchObject({ 'detail-type': orderConfirmed.type, source: '/shop/order' });
    expect(body.detail).toMatchObject({ type: orderConfirmed.type, data: { orderId } });
  });

  test('is shown by ops explain, with its permission and where undeliverable events go', async () => {
    const { routes } = await explain(shop, { type: orderConfirmed.type });
    expect(routes.find(({ to }) => to === byHand.queue.arn)).toMatchObject({
      permission: 'granted',
      undeliverable: byHand.deadLetters.arn.split(':').at(-1),
      deadLetters: { queue: byHand.deadLetters.arn.split(':').at(-1), receives: 20 },
    });
  });
});

describe('A subscription to the feed, as the page sets it up', () => {
  let byHand: Pair;
  let wrapped: Pair;

  beforeAll(async () => {
    byHand = await subscriptionByHand();
    wrapped = await subscriptionByHand('RawMessageDelivery');
  });

  test('brings the steps that change the status, in sequence, bare and without attributes', async () => {
    const orderId = await confirmedOrder();
    const came = await receiveUntil('its confirmation comes', byHand.queue, holding(`"${orderId}.confirmed`));
    const steps = bodiesOf(came, orderId).map((body) => parseEvent(JSON.stringify(body), [orderProgressed]).data);
    expect(steps.map(({ status }) => status)).toEqual(['PLACED', 'CONFIRMED']);
    expect(came.map(({ MessageAttributes }) => MessageAttributes)).toEqual(came.map(() => undefined));
  });

  test("brings SNS's envelope without RawMessageDelivery", async () => {
    const orderId = await confirmedOrder();
    const came = await receiveUntil('it comes', wrapped.queue, holding(orderId));
    const [body] = bodiesOf(came, orderId);
    expect(body).toMatchObject({ Type: 'Notification', Message: expect.any(String) });
    expect(parseEvent(body.Message, [orderProgressed])).toMatchObject({ data: { orderId } });
  });
});

describe("A rule with the page's pattern for refusals", () => {
  test("tells a publisher of its own refused orders and cancellations, and not of other publishers'", async () => {
    const { queue } = await ruleByHand(pageFile('refused.json'));
    const source = '/shop/checkout';
    const orderId = await confirmedOrder();
    const [broken, late, others] = [
      placed(testOrder({ quantity: 0 })),
      cancelRequested(orderId),
      placed(testOrder({ quantity: 0 })),
    ];
    await publish({ ...others, source: '/shop/marketplace' });
    await publish({ ...broken, source });
    for (const message of [cancelRequested(orderId), late]) {
      await publish({ ...message, source });
      await decided(orderId);
    }
    const came = await receiveUntil('both are refused', queue, holding(broken.id, late.id));
    const refused = came.map(({ Body = '' }) => parseEvent(Body, [orderRefused, orderCancelRefused]).data);
    expect(refused).toContainEqual(expect.objectContaining({ source, id: broken.id, problems: [expect.anything()] }));
    expect(refused).toContainEqual(expect.objectContaining({ source, id: late.id, reason: 'already-cancelled' }));
    expect(JSON.stringify(refused)).not.toContain(others.id);
  });
});

test('A message that is received twenty times goes to the dead-letter queue with its bare body', async () => {
  const { queue, deadLetters } = await createPair(
    'rule-policy.json',
    'arn:aws:events:us-east-1:000000000000:rule/none',
  );
  const QueueUrl = queue.url;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"type":"shop.order.confirmed.v1"}' }));
  let receives = 0;
  await eventually('it is received no more', async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
    receives += Messages.length;
    return Messages.length === 0;
  });
  expect(receives).toBe(20);
  const [letter] = await receiveUntil('it is a dead letter', deadLetters, (all) => all.length > 0);
  expect(letter?.Body).toBe('{"type":"shop.order.confirmed.v1"}');
});

/** Runs the page's commands as its reader does: in a shell, in a folder with the page's files. */
async function runCommands(heading: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'subscribing-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of pageFiles) await writeFile(join(folder, name), text);
  const script = [
    'set -eu',
    // Version 1 of the CLI takes the endpoint of SQS from nowhere else.
    'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }',
    pageCommands('By hand').replace('/ShopMessaging/prod', '/ShopMessaging/local'),
    pageCommands(heading),
    'echo "$QUEUE_URL"',
  ];
  const env = engineEnvironment(inject('endpoint'));
  const { stdout } = await run('bash', ['-c', script.join('\n')], { cwd: folder, env });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

const toolsMissing = await run('bash', ['-c', 'command -v aws jq envsubst']).then(
  () => false,
  () => true,
);

describe.skipIf(toolsMissing)('The commands of the page, where there are aws, jq and envsubst', () => {
  test.each([
    ['A rule of your own', 100_000, 'confirmed'],
    ['A subscription to the feed', 12_000, 'confirmed.4'],
  ])('%s', async (heading, unitPrice, suffix) => {
    const url = await runCommands(heading);
    const ask = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
    const { QueueArn: arn = '', RedrivePolicy = '', Policy = '' } = (await sqs.send(ask)).Attributes ?? {};
    created.push({ url, arn });
    expect(JSON.parse(RedrivePolicy)).toMatchObject({ maxReceiveCount: 20 });
    const resources = JSON.parse(Policy).Statement.map(({ Resource }: { Resource: string }) => Resource);
    expect(resources).toEqual([arn, arn]);
    const orderId = await confirmedOrder(unitPrice);
    const came = await receiveUntil('its confirmation comes', { url, arn }, holding(`"${orderId}.${suffix}"`));
    expect(bodiesOf(came, orderId).at(-1)).toMatchObject({ specversion: '1.0', data: { orderId } });
  });
});
