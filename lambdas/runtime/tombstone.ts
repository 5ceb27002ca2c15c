/** The attribute of every record table that says when a record is deleted, in seconds since 1970. Only tombstones and the counts of texts have it. */
export const EXPIRY_ATTRIBUTE = 'expiresAt';

/**
 * How long a consumer remembers the cancellation of an order that does not come, in days: longer than any queue or dead-letter queue keeps
 * the order's own message.
 */
export const TOMBSTONE_DAYS = 30;

/** Returns when a tombstone that is written now expires, in seconds since 1970. */
export const tombstoneExpiry = (now: Date): number => Math.floor(now.getTime() / 1000) + TOMBSTONE_DAYS * 86_400;
