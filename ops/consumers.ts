import { consumerNameOf } from '../infra/names.ts';
import { didYouMean } from './nearest.ts';

/** The queues of one consumer. */
export type ConsumerQueues = { consumer: string; queueUrl: string; deadLetterQueueUrl: string };

/** Finds the queues of all consumers in the stack's outputs, or of one; throws for an unknown consumer. */
export function findConsumerQueues(outputs: Readonly<Record<string, string>>, name?: string): ConsumerQueues[] {
  const all = Object.entries(outputs).flatMap(([output, deadLetterQueueUrl]) => {
    const constructId = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    const queueUrl = constructId && outputs[`${constructId}QueueUrl`];
    if (!constructId || !queueUrl) return [];
    return [{ consumer: consumerNameOf(constructId), queueUrl, deadLetterQueueUrl }];
  });
  if (name === undefined) return all;
  const named = all.filter(({ consumer }) => consumer === name);
  if (named.length > 0) return named;
  const known = all.map(({ consumer }) => consumer).sort();
  throw new Error(`There is no consumer ${name}; the consumers are ${known.join(', ')}.${didYouMean(name, known)}`);
}
