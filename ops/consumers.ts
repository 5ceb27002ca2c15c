import { consumerNameOf, partnerNameOf } from '../infra/names.ts';
import { didYouMean } from './nearest.ts';

/** The queues of one consumer, or of a partner: a service of somebody else's, which receives from its queue as a consumer's function does. */
export type ConsumerQueues = { consumer: string; queueUrl: string; deadLetterQueueUrl: string; partner?: true };

/** Finds the queues of all consumers and partners in the stack's outputs, or of one; throws for an unknown name. */
export function findQueues(outputs: Readonly<Record<string, string>>, name?: string): ConsumerQueues[] {
  const all = Object.entries(outputs).flatMap(([output, deadLetterQueueUrl]): ConsumerQueues[] => {
    const constructId = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    const queueUrl = constructId && outputs[`${constructId}QueueUrl`];
    if (!constructId || !queueUrl) return [];
    const partner = partnerNameOf(constructId);
    return partner === undefined
      ? [{ consumer: consumerNameOf(constructId), queueUrl, deadLetterQueueUrl }]
      : [{ consumer: partner, queueUrl, deadLetterQueueUrl, partner: true }];
  });
  if (name === undefined) return all;
  const named = all.filter(({ consumer }) => consumer === name);
  if (named.length > 0) return named;
  throw new Error(unknownName(name, all));
}

/** Finds the queues whose messages functions of the stack take: all but those of partners. */
export const findConsumerQueues = (outputs: Readonly<Record<string, string>>): ConsumerQueues[] =>
  findQueues(outputs).filter(({ partner }) => !partner);

/** Finds the queues that services of somebody else's read. */
export const findPartnerQueues = (outputs: Readonly<Record<string, string>>): ConsumerQueues[] =>
  findQueues(outputs).filter(({ partner }) => partner);

/** Says that nothing has a name, what there is, and which of that may be meant. */
function unknownName(name: string, all: readonly ConsumerQueues[]): string {
  const namesOf = (some: readonly ConsumerQueues[]) => some.map(({ consumer }) => consumer).sort();
  const partners = namesOf(all.filter(({ partner }) => partner));
  const consumers = namesOf(all.filter(({ partner }) => !partner));
  const known = `the consumers are ${consumers.join(', ')}`;
  const there = partners.length === 0 ? known : `${known}, and the partners ${partners.join(', ')}`;
  const kinds = partners.length === 0 ? 'consumer' : 'consumer or partner';
  return `There is no ${kinds} ${name}; ${there}.${didYouMean(name, [...consumers, ...partners])}`;
}
