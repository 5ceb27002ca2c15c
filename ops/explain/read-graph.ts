import { SQSClient } from '@aws-sdk/client-sqs';
import type { ShopMap } from '../console/api/map.ts';
import { queueName, readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { readRoutes } from './deployment.ts';
import { buildGraph, type GraphReading, uncountedQueues } from './graph.ts';

/** The graph of a deployed stack, with what it was built from. */
export type DeployedGraph = { map: ShopMap; reading: GraphReading };

/** Reads what is deployed as a graph: some calls a queue, a subscription and a rule, so it is read once and when somebody asks again. */
export async function readGraph(shop: DeployedShop): Promise<DeployedGraph> {
  const sqs = new SQSClient(shop.config);
  const [topic, bus, lifecycle, messages] = await Promise.all([
    readRoutes(shop, 'topic'),
    readRoutes(shop, 'bus'),
    readRoutes(shop, 'lifecycle'),
    Promise.all(
      uncountedQueues(shop.outputs).map(
        async ({ queueUrl }) => [queueName(queueUrl), totalMessages(await readQueueDepth(sqs, queueUrl))] as const,
      ),
    ),
  ]);
  const reading = { outputs: shop.outputs, channels: { topic, bus, lifecycle }, messages: new Map(messages) };
  return { map: { readAt: new Date().toISOString(), ...buildGraph(reading) }, reading };
}
