import { DEAD_LETTER_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import { sentAt } from './cause.ts';
import type { DeadLetter } from './dead-letter.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 3 * DAY_MS;

/**
 * Returns when a dead letter ends, RFC 3339. What SQS itself moved from a standard queue keeps the time at which it was first sent, and ends that much
 * earlier (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
 */
export const expiresAtOf = (deadLetter: Pick<DeadLetter, 'system' | 'parked'>): string =>
  deadLetter.parked?.expiresAt ?? new Date(sentAt(deadLetter) + DEAD_LETTER_RETENTION_DAYS * DAY_MS).toISOString();

/** Tells whether a dead letter ends within three days. */
export const endsSoon = (expiresAt: string, now: Date): boolean => Date.parse(expiresAt) - now.getTime() < SOON_MS;
