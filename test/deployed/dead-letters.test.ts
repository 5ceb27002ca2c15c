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
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { testThatNeeds } from './capabilities.ts';
import {
  bus,
  deadLetter,
  deadLetterQueueUrl,
  decided,
  output,
  placed,
  publish,
  publishAll,
  queueUrl,
  receiving,
  sns,
  sqs,
  stockUp,
  testOrder,
} from './deployed-shop.ts';

const attribute = async (QueueUrl: string, name: 'QueueArn' | 'RedrivePolicy') =>
  (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }))).Attributes?.[name] ?? '';

describe('a message that cannot be understood', () => {
  test('is dead-lettered by each of its consumers at once, body unchanged, with class, reason, consumer and time', async () => {
    const poison = placed(testOrder({ quantity: 0 }));
    await publish(poison);
    for (const consumer of ['order', 'payment', 'stock', 'notification'] as const) {
      const letter = await deadLetter(consumer, poison.data.orderId);
      expect(letter.body).toBe(JSON.stringify(poison));
      expect(letter).toMatchObject({ consumer, errorType: 'ContractError', attempts: '1' });
      expect(letter.errorMessage).toContain('data.items[0].quantity: must be at least 1');
      expect(new Date(letter.failedAt ?? '').getTime()).not.toBeNaN();
    }
  });

  test('does not harm the good ones beside it', async () => {
    const good = Array.from({ length: 9 }, () => testOrder({ sku: 'SKU-beside-poison' }));
    await stockUp('SKU-beside-poison', 9);
    const poison = { ...placed(testOrder()), data: { orderId: `t-${ulid()}` } };
    await publishAll([
      ...good.slice(0, 5).map((one) => placed(one)),
      poison,
      ...good.slice(5).map((one) => placed(one)),
    ]);

    for (const { orderId } of good) expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    for (const consumer of ['order', 'payment', 'stock', 'notification'] as const) {
      expect((await deadLetter(consumer, poison.data.orderId)).errorMessage).toContain('data.total: is missing');
    }
  });

  test('is not lost where no consumer would have been sent it: an unknown type, or no JSON at all', async () => {
    const unknown = {
      id: ulid(),
      source: '/shop/checkout',
      type: 'shop.order.teleported.v1',
      data: { orderId: ulid() },
    };
    await publish(unknown);
    expect(await deadLetter('order', unknown.id)).toMatchObject({ errorType: 'ContractError' });

    const noJson = `{"id": "${ulid()}`;
    await publish(noJson);
    expect(await deadLetter('order', noJson)).toMatchObject({ body: noJson, errorMessage: 'body: must be JSON' });
  });

  test('is refused with a reason where it contradicts an order on record, which stays as it was', async () => {
    const order = testOrder();
    await stockUp(order.sku, 1);
    await publish(placed(order));
    await decided(order.orderId);

    const forged = placed({ ...order, unitPrice: 1 });
    await publish(forged);
    expect(await deadLetter('order', forged.id)).toMatchObject({ errorType: 'ConflictError' });
    expect(await deadLetter('payment', forged.id)).toMatchObject({ errorType: 'ConflictError' });
    expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED', total: { amount: 12_000 } });
  });
});

describe('each way into a dead-letter queue', () => {
  test('the queue’s own: a message received too often, as by a function that crashes on it', async () => {
    const url = queueUrl('stock');
    const policy = await attribute(url, 'RedrivePolicy');
    const setPolicy = (RedrivePolicy: string) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy } }));
    await receiving('stock', false);
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
      expect((await deadLetter('stock', message.id)).body).toBe(JSON.stringify(message));
    } finally {
      await setPolicy(policy);
      await receiving('stock', true);
    }
  });

  testThatNeeds('dead-letter queue of a subscription')('the subscription’s: its queue is gone', async () => {
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
      expect((await deadLetter('payment', lost.id)).body).toBe(JSON.stringify(lost));
    } finally {
      await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    }
  });

  testThatNeeds('dead-letter queue of a rule target')('the rule target’s: its queue is gone', async () => {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `gone-${ulid()}` }));
    const Rule = `gone-${ulid()}`;
    const EventBusName = output('EventBusName');
    const Arn = await attribute(QueueUrl, 'QueueArn');
    const DeadLetterConfig = { Arn: await attribute(deadLetterQueueUrl('payment'), 'QueueArn') };
    await bus.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern: JSON.stringify({ source: [Rule] }) }));
    await bus.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: 'gone', Arn, DeadLetterConfig }] }));
    try {
      await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      const Detail = JSON.stringify({ id: ulid() });
      await bus.send(new PutEventsCommand({ Entries: [{ EventBusName, Source: Rule, DetailType: 'test', Detail }] }));
      expect((await deadLetter('payment', Rule)).body).toContain(Detail);
    } finally {
      await bus.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ['gone'] }));
      await bus.send(new DeleteRuleCommand({ Name: Rule, EventBusName }));
    }
  });
});
