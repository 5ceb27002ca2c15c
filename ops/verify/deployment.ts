import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Channel } from '../../contracts/cloud-event.ts';
import type { PartnerSettings } from '../../infra/partner-settings.ts';
import { findConsumerQueues, findPartnerQueues, findQueues } from '../consumers.ts';
import { toUserMessage } from '../errors.ts';
import {
  type DeployedQueue,
  type DeployedRoute,
  isMissingQueue,
  queueReader,
  readRoutes,
} from '../explain/deployment.ts';
import { readPartners } from '../partner-settings.ts';
import { type Pause, readPause } from '../pause/record.ts';
import { queueName } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { type Endpoints, readEndpoints } from '../webhooks/endpoints.ts';
import type { DeployedKey, KeyOf } from './problems.ts';

/** A queue by its ARN. */
export type NamedQueue = { arn: string; queue: DeployedQueue | undefined };

/** A partner's queues, and the settings that it was deployed with, if the template tells them. */
export type PartnerDeployment = {
  queueUrl: string;
  own: NamedQueue;
  dead: NamedQueue;
  settings: PartnerSettings | undefined;
};

/** What is deployed, read before anything is sent. */
export type Deployment = {
  channels: Readonly<Record<Channel, { at: string; routes: readonly DeployedRoute[] }>>;
  /** By consumer, the archive included. */
  queues: ReadonlyMap<string, { queueUrl: string; own: NamedQueue; dead: NamedQueue; pause: Pause | undefined }>;
  partners: ReadonlyMap<string, PartnerDeployment>;
  /** The dead-letter queues of subscriptions and rule targets, by ARN. */
  undeliverable: ReadonlyMap<string, DeployedQueue | undefined>;
  keyOf: KeyOf;
  endpoints: Endpoints;
};

/** Reads the routes of all channels, the consumers' queues with their dead-letter queues, and the keys of all of them. */
export async function readDeployment(shop: DeployedShop): Promise<Deployment> {
  const readQueue = queueReader(shop);
  // Other teams' queues are theirs: this role may not even be allowed to read them.
  const own = new Set(findQueues(shop.outputs).map(({ queueUrl }) => queueName(queueUrl)));
  const isOwn = (target: string) => own.has(queueName(target));
  const [topic, lifecycle, bus, consumers, partners, endpoints] = await Promise.all([
    readRoutes(shop, 'topic', isOwn),
    readRoutes(shop, 'lifecycle', isOwn),
    readRoutes(shop, 'bus', isOwn),
    readConsumerQueues(shop, readQueue),
    readPartnerQueues(shop, readQueue),
    readEndpoints(shop),
  ]);
  const routes = [topic, lifecycle, bus].flatMap((channel) => channel.routes);
  const arns = [...new Set(routes.flatMap(({ undeliverable = [] }) => undeliverable))];
  const undeliverable = new Map(await Promise.all(arns.map(async (arn) => [arn, await readQueue(arn)] as const)));
  const queues = [
    ...routes.map(({ queue }) => queue),
    ...undeliverable.values(),
    ...[...consumers.values(), ...partners.values()].flatMap(({ own, dead }) => [own.queue, dead.queue]),
  ];
  const keyOf = await readKeys(
    shop,
    queues.flatMap((queue) => queue?.key ?? []),
  );
  return { channels: { topic, lifecycle, bus }, queues: consumers, partners, undeliverable, keyOf, endpoints };
}

async function readConsumerQueues(
  shop: DeployedShop,
  readQueue: ReturnType<typeof queueReader>,
): Promise<Deployment['queues']> {
  const sqs = new SQSClient(shop.config);
  const read = namedQueueReader(sqs, readQueue);
  const found = findConsumerQueues(shop.outputs).map(async ({ consumer, queueUrl, deadLetterQueueUrl }) => {
    const [own, dead] = await Promise.all([read(queueUrl), read(deadLetterQueueUrl)]);
    const pause = own.queue === undefined ? undefined : await readPause(sqs, queueUrl);
    return [consumer, { queueUrl, own, dead, pause }] as const;
  });
  return new Map(await Promise.all(found));
}

async function readPartnerQueues(
  shop: DeployedShop,
  readQueue: ReturnType<typeof queueReader>,
): Promise<Deployment['partners']> {
  const partners = findPartnerQueues(shop.outputs);
  if (partners.length === 0) return new Map();
  const settings = await readPartners(shop);
  const read = namedQueueReader(new SQSClient(shop.config), readQueue);
  const found = partners.map(async ({ consumer, queueUrl, deadLetterQueueUrl }) => {
    const [own, dead] = await Promise.all([read(queueUrl), read(deadLetterQueueUrl)]);
    return [consumer, { queueUrl, own, dead, settings: settings[consumer] }] as const;
  });
  return new Map(await Promise.all(found));
}

/** Returns a function that reads a queue by its URL. */
function namedQueueReader(
  sqs: SQSClient,
  readQueue: ReturnType<typeof queueReader>,
): (QueueUrl: string) => Promise<NamedQueue> {
  return async (QueueUrl) => {
    const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
    const { Attributes } = await sqs.send(ask).catch((error: unknown) => {
      if (isMissingQueue(error)) return { Attributes: undefined };
      throw error;
    });
    const arn = Attributes?.QueueArn ?? '';
    return { arn, queue: await readQueue(arn) };
  };
}

async function readKeys(shop: DeployedShop, ids: readonly string[]): Promise<KeyOf> {
  const kms = new KMSClient(shop.config);
  const read = async (id: string): Promise<DeployedKey> => {
    try {
      // It may be an alias, of which AWS returns no policy.
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: id }));
      const KeyId = KeyMetadata?.KeyId ?? id;
      const { Policy = '{}' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
      return { id, enabled: KeyMetadata?.Enabled ?? true, policy: Policy };
    } catch (error) {
      return { id, unreadable: toUserMessage(error) };
    }
  };
  const keys = new Map(await Promise.all([...new Set(ids)].map(async (id) => [id, await read(id)] as const)));
  return ({ key }) => (key === undefined ? undefined : keys.get(key));
}
