import { join } from 'node:path';
import { PublishBatchCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { connect } from 'amqplib';
import type { OrderPlaced } from '../../../contracts/order.ts';
import type { Contestant } from '../../figure.ts';
import type { RabbitServer } from '../../peers/rabbitmq/server.ts';
import { deadLettersOf, declareShop, exchangeOf, queueOf, retryQueueOf } from '../../peers/rabbitmq/topology.ts';
import { bundlesOf } from './bundles.ts';
import { Processes } from './processes.ts';
import { type Consumer, consumers, type Endpoints, environmentOf, INSTANCES, topicArn } from './shop.ts';

const perInstance = Array.from({ length: INSTANCES }, () => consumers).flat();
const HOST = join(import.meta.dirname, 'function-host.ts');
const ENTRIES_PER_CALL = 10;

/** A contestant at work: its consumers, and the way its orders come in. */
export type System = {
  name: Contestant;
  processes: Processes;
  /** Publishes one order as an existing service would; done when it was taken. */
  publish(order: OrderPlaced): Promise<void>;
  /** Publishes many. */
  publishAll(orders: readonly OrderPlaced[]): Promise<void>;
  /** How many messages are in its dead-letter queues. */
  deadLetters(): Promise<number>;
  stop(): Promise<void>;
};

/** Takes a contestant whose queues are SQS's, a folder for its code and clients, and starts its consumers; `code`: whose they are. */
export async function startOnSqs(
  name: Contestant,
  folder: string,
  endpoints: Endpoints,
  { sns, sqs }: { sns: SNSClient; sqs: SQSClient },
  code: Contestant = name,
): Promise<System> {
  const bundles = await bundlesOf(code, join(folder, name));
  const processes = new Processes();
  const start = (consumer: Consumer) => {
    const file = bundles.get(consumer) ?? '';
    const env = { ...environmentOf(name, consumer, endpoints), CONSUMER: consumer };
    return code === 'worker' ? processes.start(file, [], env) : processes.start(HOST, [file], env);
  };
  await Promise.all(perInstance.map(start));
  const TopicArn = topicArn(name);
  return {
    name,
    processes,
    async publish(order) {
      await sns.send(new PublishCommand({ TopicArn, Message: JSON.stringify(order) }));
    },
    async publishAll(orders) {
      for (let start = 0; start < orders.length; start += ENTRIES_PER_CALL) {
        const PublishBatchRequestEntries = orders
          .slice(start, start + ENTRIES_PER_CALL)
          .map((order, index) => ({ Id: String(index), Message: JSON.stringify(order) }));
        await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }));
      }
    },
    async deadLetters() {
      const counts = await Promise.all(
        consumers.map(async (consumer) => {
          const QueueUrl = `${environmentOf(name, consumer, endpoints).DEAD_LETTER_QUEUE_URL}`;
          const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
          return Number((await sqs.send(ask)).Attributes?.ApproximateNumberOfMessages ?? 0);
        }),
      );
      return counts.reduce((sum, one) => sum + one, 0);
    },
    stop: () => processes.stop(),
  };
}

/** Takes a contestant whose queues are RabbitMQ's, and starts its consumers. */
export async function startOnRabbit(
  name: Contestant,
  folder: string,
  endpoints: Endpoints,
  server: RabbitServer,
): Promise<System> {
  const bundles = await bundlesOf(name, join(folder, name));
  const connection = await connect(server.url);
  const channel = await connection.createConfirmChannel();
  await declareShop(channel, name, consumers);
  const processes = new Processes();
  const start = (consumer: Consumer) => {
    const own = { CONSUMER: consumer, SHOP: name, RABBITMQ_URL: server.url };
    return processes.start(bundles.get(consumer) ?? '', [], { ...environmentOf(name, consumer, endpoints), ...own });
  };
  await Promise.all(perInstance.map(start));
  const exchange = exchangeOf(name);
  const publish = (order: OrderPlaced) =>
    new Promise<void>((taken, refused) => {
      const content = Buffer.from(JSON.stringify(order));
      channel.publish(exchange, order.type, content, { persistent: true }, (error) =>
        error ? refused(error) : taken(),
      );
    });
  return {
    name,
    processes,
    publish,
    async publishAll(orders) {
      await Promise.all(orders.map(publish));
    },
    async deadLetters() {
      const left = consumers.map((consumer) => channel.checkQueue(deadLettersOf(name, consumer)));
      return (await Promise.all(left)).reduce((sum, { messageCount }) => sum + messageCount, 0);
    },
    async stop() {
      await processes.stop();
      for (const consumer of consumers) {
        for (const queue of [queueOf, retryQueueOf, deadLettersOf]) await channel.deleteQueue(queue(name, consumer));
      }
      await connection.close();
    },
  };
}
