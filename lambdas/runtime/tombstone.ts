import { DEAD_LETTER_RETENTION_DAYS, MAX_PARKED_DAYS, QUEUE_RETENTION_DAYS } from './retry-policy.ts';

/** The attribute of every record table that says when a record is deleted, in seconds since 1970. Only tombstones and the counts of texts have it. */
export const EXPIRY_ATTRIBUTE = 'expiresAt';

// A letter is parked at the latest when its dead-letter queue is about to end it, and may then be redriven in its last hour.
const LONGEST_LIFE_DAYS = 2 * QUEUE_RETENTION_DAYS + DEAD_LETTER_RETENTION_DAYS + MAX_PARKED_DAYS;

/**
 * How long a consumer remembers the cancellation of an order that does not come, in days: longer than any queue, dead-letter queue or parking keeps
 * the order's own message.
 */
export const TOMBSTONE_DAYS = LONGEST_LIFE_DAYS + 2;

/** Returns when a tombstone that is written now expires, in seconds since 1970. */
export const tombstoneExpiry = (now: Date): number => Math.floor(now.getTime() / 1000) + TOMBSTONE_DAYS * 86_400;
