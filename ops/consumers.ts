import { consumerNameOf, partnerNameOf } from '../infra/names.ts';
import { didYouMean } from './nearest.ts';

/** The queues of one consumer, or of a partner: a service of somebody else's, which receives from its queue as a consumer's function does. */
export type ConsumerQueues = { consumer: string; queueUrl: string; deadLetterQueueUrl: string; partner?: true };

type Outputs = Readonly<Record<string, string>>;

/** Finds the queues of all consumers and partners in the stack's outputs, or of one; throws for an unknown name. */
export const findQueues = (outputs: Outputs, name?: string): ConsumerQueues[] => named(allQueues(outputs), name);

/** A dead-letter queue, and the queue that its letters go back to. */
export type LetterQueues = ConsumerQueues & {
  /** What it is called where it is not the only one of its consumer. @default the consumer's name */
  name?: string;
  /** Why its letters cannot be put back. @default they can */
  final?: string;
};

/** Finds all queues that hold dead letters, or those of one consumer or partner; throws for an unknown name. */
export const findLetterQueues = (outputs: Outputs, name?: string): LetterQueues[] =>
  named([...allQueues(outputs), ...findDeliveryQueues(outputs)], name);

/**
 * Finds the dead-letter queues beside those of consumers and partners: that with steps of the lifecycle feed that did not reach the queue of the
 * archive, and that of the sweep's missed runs.
 */
export const findDeliveryQueues = (outputs: Outputs): LetterQueues[] => [
  ...undeliveredSteps(outputs),
  ...missedRuns(outputs),
];

/** SNS takes only a FIFO queue as the dead-letter queue of its FIFO topic; what is in it belongs to the archive's own queue. */
function undeliveredSteps({ ArchiveUndeliveredStepsDeadLetterQueueUrl, ArchiveQueueUrl }: Outputs): LetterQueues[] {
  if (ArchiveUndeliveredStepsDeadLetterQueueUrl === undefined || ArchiveQueueUrl === undefined) return [];
  return [
    {
      name: 'archive-undelivered-steps',
      consumer: 'archive',
      queueUrl: ArchiveQueueUrl,
      deadLetterQueueUrl: ArchiveUndeliveredStepsDeadLetterQueueUrl,
    },
  ];
}

function missedRuns({ SweepDeadLetterQueueUrl: url }: Outputs): LetterQueues[] {
  const final =
    'a run of the sweep that was missed is made up for by the next one, so its letter can only be discarded: npm run ops -- dlq discard --consumer sweep';
  return url === undefined ? [] : [{ consumer: 'sweep', queueUrl: url, deadLetterQueueUrl: url, final }];
}

function allQueues(outputs: Outputs): ConsumerQueues[] {
  return Object.entries(outputs).flatMap(([output, deadLetterQueueUrl]): ConsumerQueues[] => {
    const constructId = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    const queueUrl = constructId && outputs[`${constructId}QueueUrl`];
    if (!constructId || !queueUrl) return [];
    const partner = partnerNameOf(constructId);
    return partner === undefined
      ? [{ consumer: consumerNameOf(constructId), queueUrl, deadLetterQueueUrl }]
      : [{ consumer: partner, queueUrl, deadLetterQueueUrl, partner: true }];
  });
}

function named<Queues extends ConsumerQueues>(all: Queues[], name: string | undefined): Queues[] {
  if (name === undefined) return all;
  const found = all.filter(({ consumer }) => consumer === name);
  if (found.length > 0) return found;
  throw new Error(unknownName(name, all));
}

/** Finds the queues whose messages functions of the stack take: all but those of partners. */
export const findConsumerQueues = (outputs: Outputs): ConsumerQueues[] =>
  findQueues(outputs).filter(({ partner }) => !partner);

/** Finds the queues that services of somebody else's read. */
export const findPartnerQueues = (outputs: Outputs): ConsumerQueues[] =>
  findQueues(outputs).filter(({ partner }) => partner);

/** Says that nothing has a name, what there is, and which of that may be meant. */
function unknownName(name: string, all: readonly ConsumerQueues[]): string {
  const namesOf = (some: readonly ConsumerQueues[]) => [...new Set(some.map(({ consumer }) => consumer))].sort();
  const partners = namesOf(all.filter(({ partner }) => partner));
  const consumers = namesOf(all.filter(({ partner }) => !partner));
  const known = `the consumers are ${consumers.join(', ')}`;
  const there = partners.length === 0 ? known : `${known}, and the partners ${partners.join(', ')}`;
  const kinds = partners.length === 0 ? 'consumer' : 'consumer or partner';
  return `There is no ${kinds} ${name}; ${there}.${didYouMean(name, [...consumers, ...partners])}`;
}
