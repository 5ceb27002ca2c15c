import type { SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findPartnerQueues } from '../consumers.ts';
import { NOTHING_FOUND } from '../function-log.ts';
import { readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import type { ConsumerStatus } from './health.ts';
import { computePartnerMetrics, type Datapoint, type MetricQuery, partnerQueriesFor } from './metrics.ts';

/** A partner's queues, and what to ask CloudWatch about them. */
export type PartnerQueues = ConsumerQueues & { queries: ReturnType<typeof partnerQueriesFor> };

/** Finds the partners of the shop, sorted by name. */
export const findPartners = ({ outputs }: Pick<DeployedShop, 'outputs'>): PartnerQueues[] =>
  findPartnerQueues(outputs)
    .sort((one, other) => (one.consumer < other.consumer ? -1 : 1))
    .map((queues) => ({ ...queues, queries: partnerQueriesFor(queues) }));

/** Reads how a partner is doing, as far as its queues tell: it has no function, breaker or log here, and nobody here pauses it. */
export async function readPartnerStatus(
  sqs: SQSClient,
  { consumer: name, queueUrl, deadLetterQueueUrl, queries }: PartnerQueues,
  datapointsOf: (query: MetricQuery) => readonly Datapoint[],
  now: Date,
): Promise<ConsumerStatus> {
  const [depth, deadLetterDepth] = await Promise.all([
    readQueueDepth(sqs, queueUrl),
    readQueueDepth(sqs, deadLetterQueueUrl),
  ]);
  return {
    name,
    partner: true,
    ...depth,
    deadLetters: totalMessages(deadLetterDepth),
    ...computePartnerMetrics(queries, datapointsOf, totalMessages(depth) === 0, now),
    mapping: undefined,
    pause: undefined,
    paused: null,
    ...NOTHING_FOUND,
  };
}
