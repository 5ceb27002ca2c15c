import { consumerNameOf } from '../infra/names.ts';

/** The queues of one consumer. */
export type ConsumerQueues = { consumer: string; queueUrl: string; deadLetterQueueUrl: string };

/** Takes the stack's outputs and gives the queues of every consumer in them, or of the one that is named. */
export function findConsumerQueues(outputs: Readonly<Record<string, string>>, named?: string): ConsumerQueues[] {
  const found = Object.entries(outputs).flatMap(([output, deadLetterQueueUrl]) => {
    const name = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    const queueUrl = name && outputs[`${name}QueueUrl`];
    if (!name || !queueUrl) return [];
    return [{ consumer: consumerNameOf(name), queueUrl, deadLetterQueueUrl }];
  });
  if (named === undefined) return found;
  const chosen = found.filter(({ consumer }) => consumer === named);
  if (chosen.length > 0) return chosen;
  const known = found.map(({ consumer }) => consumer).sort();
  throw new Error(`There is no consumer ${named}; the consumers are ${known.join(', ')}.`);
}
