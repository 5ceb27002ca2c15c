import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { answerProbes, separateProbes } from './answer-probes.ts';
import { requireEnv } from './environment.ts';
import { type InvocationDeadline, invocationDeadline } from './invocation-deadline.ts';
import { writeLines } from './log.ts';
import { metricLines } from './metrics.ts';
import { type Attempt, outcomeLogLines } from './outcome.ts';
import { type ConsumerQueue, sqsConsumerQueue } from './queue.ts';
import { resolveOutcomes } from './resolve-outcomes.ts';
import type { FailurePolicy } from './retry-policy.ts';

/** Attempts to handle each message of a batch; returns an attempt for each. `arrivedAt` in milliseconds since 1970. */
type AttemptAll = (
  messages: readonly SQSRecord[],
  arrivedAt: number,
  deadline: InvocationDeadline,
) => Promise<readonly Attempt[]>;

/** The Lambda function of a queue. */
export type QueueFunction = (
  event: SQSEvent,
  context?: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<SQSBatchResponse>;

/**
 * Builds the Lambda function of a queue. Each message ends in one of three ways: done (deleted), retried with growing delays, or in the
 * dead-letter queue with its reason. Probes of `ops verify` are answered here, and no handler, contract or metric sees them.
 */
export function queueFunction(
  name: string,
  { queue, policy }: { queue: ConsumerQueue; policy: FailurePolicy },
  attemptAll: AttemptAll,
): QueueFunction {
  return async ({ Records }, context) => {
    const arrivedAt = Date.now();
    const { probes, messages } = separateProbes(Records);
    const answers = answerProbes(name, queue, probes);
    const deadline = invocationDeadline(context);
    const attempts = await attemptAll(messages, arrivedAt, deadline);
    deadline.end();

    const resolved = await resolveOutcomes(name, queue, attempts, policy);
    // A batch of nothing but probes is counted in no metric.
    const metrics = messages.length === 0 && probes.length > 0 ? [] : metricLines(name, resolved, arrivedAt);
    writeLines([...(await answers), ...outcomeLogLines(name, resolved), ...metrics]);
    const retried = resolved.filter(({ outcome }) => outcome.kind === 'will be tried again');
    const messageIds = new Set(retried.map(({ record }) => record.messageId));
    return { batchItemFailures: [...messageIds].map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Reads a consumer's queues from the environment variables that the stack sets. */
export function queueFromEnvironment(consumerName: string): ConsumerQueue {
  return sqsConsumerQueue({
    consumer: consumerName,
    queueUrl: requireEnv('QUEUE_URL'),
    deadLetterQueueUrl: requireEnv('DEAD_LETTER_QUEUE_URL'),
  });
}
