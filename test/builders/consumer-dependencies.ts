import type { SQSRecord } from 'aws-lambda';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { ConsumerDependencies } from '../../lambdas/runtime/consume.ts';
import type { DeadLetter } from '../../lambdas/runtime/queue.ts';

export type FakeDependencies = ConsumerDependencies & {
  published: CloudEvent[];
  deadLetters: DeadLetter[];
  postponed: { record: SQSRecord; seconds: number }[];
};

/** Creates a bus and a queue in memory that record their calls; `parts` replaces any of them. */
export function consumerDependencies(
  parts: Pick<Partial<ConsumerDependencies>, 'publish' | 'policy'> & {
    queue?: Partial<ConsumerDependencies['queue']>;
  } = {},
): FakeDependencies {
  const published: CloudEvent[] = [];
  const deadLetters: DeadLetter[] = [];
  const postponed: { record: SQSRecord; seconds: number }[] = [];
  return {
    published,
    deadLetters,
    postponed,
    publish:
      parts.publish ??
      (async (events) => {
        published.push(...events);
        return events.map(() => undefined);
      }),
    queue: {
      delayRetry: async (messages) => void postponed.push(...messages),
      deadLetter: async (given) => {
        deadLetters.push(...given);
        return new Set(given.map(({ record }) => record.messageId));
      },
      ...parts.queue,
    },
    ...(parts.policy === undefined ? {} : { policy: parts.policy }),
  };
}
