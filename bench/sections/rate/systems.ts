import { join } from 'node:path';
import { PublishCommand } from '@aws-sdk/client-sns';
import { bundleFunctions } from '../../bundles.ts';
import type { Contestant } from '../../figure.ts';
import type { LocalAws } from '../../local-aws/local-aws.ts';
import { consumers, createQueues, createTables, environmentOf, topicArn } from '../../local-aws/resources.ts';
import type { RabbitServer } from '../../peers/rabbitmq/server.ts';
import type { PlacedMessage } from '../../workload.ts';
import { ConsumerProcesses } from './processes.ts';

/** The consumers of the whole job; shipping, which nobody waits for, is left out for all contestants. */
export const measuredConsumers = consumers.filter((name) => name !== 'shipping');

/** Processes per consumer: instances of a function, or workers. */
const PROCESSES_PER_CONSUMER = 2;
const POLLING_FUNCTION = join(import.meta.dirname, 'polling-function.ts');

/** How a contestant's orders are published, and the environment of its processes. */
export type Messaging = {
  environment: Record<string, string>;
  /** Publishes one order as an existing service would. */
  publish(order: PlacedMessage): Promise<void>;
  stop(): Promise<void>;
};

/** A contestant's running consumers. */
export type System = Messaging & { processes: ConsumerProcesses };

/** Starts a contestant's consumers on SQS or on RabbitMQ. */
export async function startSystem(aws: LocalAws, contestant: Contestant, rabbit?: RabbitServer): Promise<System> {
  await createTables(contestant, aws.clients.dynamodb);
  const messaging =
    rabbit === undefined ? await sqsMessaging(aws, contestant) : await rabbitMessaging(contestant, rabbit);
  const bundles = await bundleFunctions(contestant, measuredConsumers, aws.folder);
  const processes = new ConsumerProcesses();
  const isWorker = contestant === 'worker' || rabbit !== undefined;
  const starts = [...bundles].flatMap(([consumer, file]) => {
    const environment = { ...environmentOf(contestant, consumer, aws.endpoints), ...messaging.environment };
    const [module, args] = isWorker ? [file, []] : [POLLING_FUNCTION, [file]];
    return Array.from({ length: PROCESSES_PER_CONSUMER }, () => processes.start(module, args, environment));
  });
  await Promise.all(starts);
  return {
    ...messaging,
    processes,
    async stop() {
      await processes.stop();
      await messaging.stop();
    },
  };
}

async function sqsMessaging({ clients }: LocalAws, shop: string): Promise<Messaging> {
  await createQueues(shop, clients);
  return {
    environment: {},
    async publish(order) {
      await clients.sns.send(new PublishCommand({ TopicArn: topicArn(shop), Message: JSON.stringify(order) }));
    },
    stop: async () => {},
  };
}

async function rabbitMessaging(shop: string, server: RabbitServer): Promise<Messaging> {
  // Its package is installed by the benchmark only, so the module is not part of the program that `npm run check` checks.
  const file = join(import.meta.dirname, '..', '..', 'peers', 'rabbitmq', 'messaging.ts');
  const { openMessaging } = (await import(file)) as {
    openMessaging: (shop: string, consumers: readonly string[], url: string) => Promise<Messaging>;
  };
  return openMessaging(shop, measuredConsumers, server.url);
}
