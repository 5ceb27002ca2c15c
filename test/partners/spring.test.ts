import { SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { expect, inject, test } from 'vitest';
import { decided, eventually, output, setStock, sns, sqs, takeMessage } from '../deployed/deployed-shop.ts';
import { testReader, worked } from './reader-tests.ts';
import { RunningReader } from './running-reader.ts';

const published = `t-${ulid()}`;
let copies = '';

await testReader({
  language: 'Spring',
  partner: 'spring',
  // One application listens to all queues, and publishes.
  start: async (command, { decisions, feed }) => {
    copies = await subscribed('OrdersTopicArn', { RawMessageDelivery: 'true' });
    const app = new RunningReader(inject('endpoint'), command, {
      QUEUE_URL: decisions.queueUrl,
      FEED_QUEUE_URL: feed.queueUrl,
      WRAPPED_QUEUE_URL: await subscribed('OrdersTopicArn', {}),
      ORDERS_TOPIC_ARN: output('OrdersTopicArn'),
    });
    await setStock('KB-01', 100);
    await app.start(published);
    return [app];
  },
  more: (bench) => {
    test('publishes an order with SnsTemplate, with nulls and attributes as they come, and the shop confirms it', async () => {
      const { reader } = bench();
      const message = await eventually('the order is published', () =>
        takeMessage(copies, (body) => body.includes(published)),
      );
      expect(JSON.parse(message.Body ?? '')).toMatchObject({ subject: null, data: { payment: { reference: null } } });
      expect(Object.keys(message.MessageAttributes ?? {}).sort()).toEqual(['contentType', 'id', 'timestamp']);
      expect(await decided(published)).toMatchObject({ status: 'CONFIRMED' });
      await worked(reader, published, { type: 'shop.order.confirmed.v1' });
    });

    test('reads what comes in the envelope of SNS', async () => {
      await worked(bench().reader, published, { type: 'shop.order.placed.v1' });
    });
  },
});

/** Subscribes a queue to a topic, as a team does by itself, and returns its URL. */
async function subscribed(topic: string, Attributes: Record<string, string>): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `team-${ulid()}` }));
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const Endpoint = (await sqs.send(ask)).Attributes?.QueueArn;
  await sns.send(new SubscribeCommand({ TopicArn: output(topic), Protocol: 'sqs', Endpoint, Attributes }));
  return QueueUrl;
}
