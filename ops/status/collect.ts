import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { findConsumerQueues } from '../consumers.ts';
import { type QueueDepth, readQueueDepth, totalMessages } from '../queues.ts';
import { isGatewayDown } from '../sandbox/gateway.ts';
import type { DeployedShop } from '../stack.ts';
import { queryMetrics } from './cloudwatch.ts';
import { type Figures, figuresFrom, queriesFor } from './figures.ts';
import { problems } from './health.ts';
import { type EventSourceMapping, eventSourceMappings, queueName } from './mappings.ts';
import { countOrders, type OrderCounts, oldestOpen } from './orders.ts';

/** What is known of one consumer. */
export type ConsumerState = { name: string } & QueueDepth &
  Figures & {
    deadLetters: number;
    /** `undefined` where nothing hands its messages to a function. */
    mapping: EventSourceMapping | undefined;
  };

/** The whole shop at one moment. */
export type ShopStatus = {
  consumers: ConsumerState[];
  orders: OrderCounts;
  /** Whether the sandbox gateway was taken down. */
  gatewayDown: boolean;
  /** The order that is undecided for the longest time; looked up only where something is wrong. */
  oldestOrder: string | undefined;
};

/** Looks at the shop, again and again if wanted, through clients that are made once. */
export function collectStatus(shop: DeployedShop): (orders?: OrderCounts) => Promise<ShopStatus> {
  const sqs = new SQSClient(shop.config);
  const lambda = new LambdaClient(shop.config);
  const cloudwatch = new CloudWatchClient(shop.config);
  const deployed = findConsumerQueues(shop.outputs).sort((one, other) => (one.consumer < other.consumer ? -1 : 1));

  return async (known) => {
    const now = new Date();
    const asked = deployed.map((consumer) => ({ ...consumer, queries: queriesFor(consumer) }));
    const queries = asked.flatMap((one) => Object.values(one.queries));
    const [answer, mappings, orders, gatewayDown] = await Promise.all([
      queryMetrics(cloudwatch, queries, now),
      eventSourceMappings(lambda),
      known ?? countOrders(shop),
      isGatewayDown(shop),
    ]);
    const stateOf = async (one: (typeof asked)[number]): Promise<ConsumerState> => {
      const [depth, letters] = await Promise.all([
        readQueueDepth(sqs, one.queueUrl),
        readQueueDepth(sqs, one.deadLetterQueueUrl),
      ]);
      return {
        name: one.consumer,
        ...depth,
        deadLetters: totalMessages(letters),
        ...figuresFrom(one.queries, answer, totalMessages(depth) === 0, now),
        mapping: mappings.get(queueName(one.queueUrl)),
      };
    };
    const seen = { consumers: await Promise.all(asked.map(stateOf)), orders, gatewayDown, oldestOrder: undefined };
    // Only whoever is in trouble is pointed to an order.
    return problems(seen).length === 0 ? seen : { ...seen, oldestOrder: await oldestOpen(shop) };
  };
}
