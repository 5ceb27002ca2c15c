import type { SQSRecord } from 'aws-lambda';
import { ConflictError, describeError, describeForLog, PermanentError } from './failure.ts';
import { log } from './log.ts';
import type { Attempt, Outcome } from './outcome.ts';
import type { ConsumerQueue, DeadLetter } from './queue.ts';
import { type FailurePolicy, failureActionFor, type MessageHistory, retryOf } from './retry-policy.ts';
import { sourceLines } from './stack-frames.ts';

/**
 * Decides the outcome of each attempt and carries it out: dead-letters what cannot succeed or was tried for too long, and sets
 * the retry delay of the rest. What the dead-letter queue does not accept stays in the queue.
 */
export async function resolveOutcomes(
  consumerName: string,
  queue: ConsumerQueue,
  attempts: readonly Attempt[],
  policy: FailurePolicy,
): Promise<(Attempt & { outcome: Outcome })[]> {
  const resolved = attempts.map((attempt) => ({ ...attempt, outcome: outcomeOf(attempt, policy) }));
  const deadLetters: DeadLetter[] = [];
  const retries: { record: SQSRecord; seconds: number }[] = [];
  for (const { record, outcome, error } of resolved) {
    if (outcome.kind === 'dead-lettered') {
      const { errorType, errorMessage } = outcome;
      deadLetters.push({ record, errorType, errorMessage, ...mistakeIn(error?.reason) });
    } else if (outcome.kind === 'will be tried again' && outcome.retryInSeconds !== undefined) {
      retries.push({ record, seconds: outcome.retryInSeconds });
    }
  }

  if (deadLetters.length > 0) {
    const accepted = await queue.deadLetter(deadLetters).catch(() => new Set<string>());
    for (const one of resolved) {
      if (one.outcome.kind !== 'dead-lettered' || accepted.has(one.record.messageId)) continue;
      one.outcome = { ...one.outcome, kind: 'will be tried again' };
    }
  }
  if (retries.length > 0) {
    // Without their delay the messages still come back, after the queue's own visibility timeout.
    await queue.delayRetry(retries).catch((error: unknown) => {
      log.warn('the retry delay could not be set', { consumer: consumerName, ...describeForLog(error) });
    });
  }
  return resolved;
}

/** Names the source lines of what nobody expected; a refusal of the message is its publisher's to repair, not the code's. */
function mistakeIn(reason: unknown): Pick<DeadLetter, 'sourceLines'> {
  if (reason instanceof ConflictError || reason instanceof PermanentError) return {};
  const lines = sourceLines(describeForLog(reason).stackTrace ?? []);
  return lines.length === 0 ? {} : { sourceLines: lines };
}

function outcomeOf({ record, error }: Attempt, policy: FailurePolicy): Outcome {
  if (error === undefined) return { kind: 'done' };
  const { errorType, errorMessage } = describeError(error.reason);
  const failureAction = failureActionFor(error.reason, policy);
  if (failureAction.action === 'dead-letter') return { kind: 'dead-lettered', errorType, errorMessage };
  const retry = retryOf(error.reason, historyOf(record), failureAction);
  if ('givenUp' in retry)
    return { kind: 'dead-lettered', errorType, errorMessage: `${retry.givenUp}: ${errorMessage}` };
  return { kind: 'will be tried again', errorType, errorMessage, retryInSeconds: retry.seconds };
}

function historyOf({ attributes }: SQSRecord): MessageHistory {
  const sentAtMs = Number(attributes.SentTimestamp);
  return {
    sentAtMs,
    firstReceivedAtMs: Number(attributes.ApproximateFirstReceiveTimestamp) || sentAtMs,
    attempts: Number(attributes.ApproximateReceiveCount),
  };
}
