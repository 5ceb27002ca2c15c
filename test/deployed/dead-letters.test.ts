import {
  DeleteRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { writeParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { parkLetters, readParked, unparkLetters } from '../../ops/dlq/park.ts';
import { statusCollector } from '../../ops/status/collect.ts';
import { parkedLetter } from '../builders/parked-letters.ts';
import { testWithCapability } from './capabilities.ts';
import {
  bus,
  deadLetterQueueUrl,
  decided,
  eventually,
  output,
  placed,
  publish,
  publishAll,
  queueUrl,
  setReceiving,
  setStock,
  shop,
  sns,
  sqs,
  sweepAnew,
  takeDeadLetter,
  takeMessage,
  testOrder,
} from './deployed-shop.ts';
import { runOps } from './ops.ts';

const attribute = async (QueueUrl: string, name: 'QueueArn' | 'RedrivePolicy') =>
  (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }))).Attributes?.[name] ?? '';

describe('a message that cannot be processed', () => {
  test('is dead-lettered by each consumer with an unchanged body, error type, reason, consumer and time', async () => {
    const poison = placed(testOrder({ quantity: 0 }));
    await publish(poison);
    for (const consumer of ['order', 'payment', 'stock', 'notification'] as const) {
      const deadLetter = await takeDeadLetter(consumer, poison.data.orderId);
      expect(deadLetter.body).toBe(JSON.stringify(poison));
      expect(deadLetter).toMatchObject({ consumer, errorType: 'ContractError', attempts: '1' });
      expect(deadLetter.errorMessage).toContain('data.items[0].quantity: must be at least 1');
      expect(new Date(deadLetter.failedAt ?? '').getTime()).not.toBeNaN();
    }
  });

  test('does not affect valid messages published beside it', async () => {
    const good = Array.from({ length: 9 }, () => testOrder({ sku: 'SKU-beside-poison' }));
    await setStock('SKU-beside-poison', 9);
    const poison = { ...placed(testOrder()), data: { orderId: `t-${ulid()}` } };
    await publishAll([
      ...good.slice(0, 5).map((one) => placed(one)),
      poison,
      ...good.slice(5).map((one) => placed(one)),
    ]);

    for (const { orderId } of good) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    for (const consumer of ['order', 'payment', 'stock', 'notification'] as const) {
      expect((await takeDeadLetter(consumer, poison.data.orderId)).errorMessage).toContain('data.total: is missing');
    }
  });

  test('is dead-lettered by the order consumer when its type is unknown or it is not JSON', async () => {
    const unknown = {
      id: ulid(),
      source: '/shop/checkout',
      type: 'shop.order.teleported.v1',
      data: { orderId: ulid() },
    };
    await publish(unknown);
    expect(await takeDeadLetter('order', unknown.id)).toMatchObject({ errorType: 'ContractError' });

    const noJson = `{"id": "${ulid()}`;
    await publish(noJson);
    expect(await takeDeadLetter('order', noJson)).toMatchObject({
      body: noJson,
      errorMessage: expect.stringContaining('body: must be JSON'),
    });
  });

  test('is dead-lettered as a conflict when it contradicts the recorded order, which stays unchanged', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(placed(order));
    await decided(order.orderId);

    const forged = placed({ ...order, unitPrice: 1 });
    await publish(forged);
    expect(await takeDeadLetter('order', forged.id)).toMatchObject({ errorType: 'ConflictError' });
    expect(await takeDeadLetter('payment', forged.id)).toMatchObject({ errorType: 'ConflictError' });
    expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED', total: { amount: 12_000 } });
  });
});

test('a dead letter with ten attributes can be parked: it is off the board, listed with its owner, and comes back as it was', async () => {
  const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`team-${index}`, `${index} “✓”`]));
  const poison = placed(testOrder({ quantity: 0 }));
  const { orderId } = poison.data;
  await publish(poison, attributes);
  const selectors = { consumer: 'stock', order: orderId };
  const note = { owner: 'ana', note: 'waits for the catalogue', link: 'https://tickets.example.com/7' };
  await eventually('it is parked', async () => (await parkLetters(shop, selectors, note)).moved === 1 || undefined);

  const { result } = await runOps('dlq', 'list', '--consumer', 'stock', '--order', orderId);
  expect(result).toEqual([expect.objectContaining({ consumer: 'stock', count: 1, parked: note })]);
  expect(await statusCollector(shop)()).toMatchObject({ parked: 1 });

  expect(await unparkLetters(shop, selectors)).toMatchObject({ moved: 1, failed: [] });
  expect(await readParked(shop)).toEqual([]);
  for (const consumer of ['order', 'payment', 'stock', 'notification'] as const)
    expect(await takeDeadLetter(consumer, orderId)).toEqual({ body: JSON.stringify(poison), ...attributes });
});

test('the sweep puts back what was parked for too long, and leaves the rest parked', async () => {
  const deadLetterQueue = deadLetterQueueUrl('stock');
  const ids = [ulid(), ulid()] as const;
  const park = (id: string, days: number) => {
    const parkedAt = new Date(Date.now() - days * 86_400_000).toISOString();
    const letter = { body: `{"id":"${id}"}`, attributes: {}, system: {} };
    const MessageBody = writeParkedLetter(
      parkedLetter({ id, parkedAt, consumer: 'stock', deadLetterQueueUrl: deadLetterQueue, letter }),
    );
    return sqs.send(new SendMessageCommand({ QueueUrl: output('ParkedLettersQueueUrl'), MessageBody }));
  };
  await park(ids[0], 80);
  await park(ids[1], 70);
  const back = await eventually('the older one is back', async () => {
    await sweepAnew();
    return takeMessage(deadLetterQueue, (body) => body.includes(ids[0]));
  });
  expect(back.Body).toBe(`{"id":"${ids[0]}"}`);
  expect((await readParked(shop)).map(({ id }) => id)).toEqual([ids[1]]);
  expect(await unparkLetters(shop, { id: ids[1] })).toMatchObject({ moved: 1 });
  await takeDeadLetter('stock', ids[1]);
});

describe('a dead-letter queue receives', () => {
  test('messages that were received too often, as by a crashing function', async () => {
    const url = queueUrl('stock');
    const policy = await attribute(url, 'RedrivePolicy');
    const setPolicy = (RedrivePolicy: string) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy } }));
    await setReceiving('stock', false);
    try {
      await setPolicy(JSON.stringify({ ...JSON.parse(policy), maxReceiveCount: 1 }));
      const message = placed(testOrder());
      await publish(message);
      const receive = () =>
        sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: 0,
            WaitTimeSeconds: 1,
          }),
        );
      for (let got = 0; got === 0; ) got = (await receive()).Messages?.length ?? 0;
      await receive();
      expect((await takeDeadLetter('stock', message.id)).body).toBe(JSON.stringify(message));
    } finally {
      await setPolicy(policy);
      await setReceiving('stock', true);
    }
  });

  testWithCapability('dead-letter queue of a subscription')(
    'messages of a subscription whose queue was deleted',
    async () => {
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `gone-${ulid()}` }));
      const { SubscriptionArn } = await sns.send(
        new SubscribeCommand({
          TopicArn: output('OrdersTopicArn'),
          Protocol: 'sqs',
          Endpoint: await attribute(QueueUrl, 'QueueArn'),
          ReturnSubscriptionArn: true,
          Attributes: {
            RawMessageDelivery: 'true',
            RedrivePolicy: JSON.stringify({
              deadLetterTargetArn: await attribute(deadLetterQueueUrl('payment'), 'QueueArn'),
            }),
          },
        }),
      );
      try {
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
        const lost = { id: ulid(), source: '/shop/checkout', type: 'shop.order.unheard.v1', data: {} };
        await publish(lost);
        expect((await takeDeadLetter('payment', lost.id)).body).toBe(JSON.stringify(lost));
      } finally {
        await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
      }
    },
  );

  testWithCapability('dead-letter queue of a rule target')(
    'events of a rule target whose queue was deleted',
    async () => {
      const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `gone-${ulid()}` }));
      const Rule = `gone-${ulid()}`;
      const EventBusName = output('EventBusName');
      const Arn = await attribute(QueueUrl, 'QueueArn');
      const DeadLetterConfig = { Arn: await attribute(deadLetterQueueUrl('payment'), 'QueueArn') };
      await bus.send(
        new PutRuleCommand({ Name: Rule, EventBusName, EventPattern: JSON.stringify({ source: [Rule] }) }),
      );
      await bus.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: 'gone', Arn, DeadLetterConfig }] }));
      try {
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
        const Detail = JSON.stringify({ id: ulid() });
        await bus.send(new PutEventsCommand({ Entries: [{ EventBusName, Source: Rule, DetailType: 'test', Detail }] }));
        expect((await takeDeadLetter('payment', Rule)).body).toContain(Detail);
      } finally {
        await bus.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ['gone'] }));
        await bus.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
      }
    },
  );
});
