import { DEAD_LETTER_RETENTION_DAYS } from '../runtime/retry-policy.ts';

/** A message of the parking queue: its own id, when it was sent, and the letter in it. */
export type ParkedMessage = { messageId: string; sentAt: Date; letter: { id: string; parkedAt: string } };

/**
 * What becomes of a parked message. `renew`: it is sent again, so that its queue keeps it. `return`: it goes back to its dead-letter queue. `drop`:
 * another message holds the same letter.
 */
export type ParkingAction = 'keep' | 'renew' | 'return' | 'drop';

const DAY_MS = 86_400_000;

/** Half of what the queue keeps a message for: a look that fails can be made again for a week. */
const RENEWED_AFTER_MS = (DEAD_LETTER_RETENTION_DAYS / 2) * DAY_MS;

/** The parking queue is looked at once in this time. */
const LOOK_INTERVAL_MS = DAY_MS;

/** Tells whether the parking queue is due to be looked at; `last` is when that was done, ISO 8601. */
export const isLookDue = (last: string | undefined, now: Date): boolean =>
  last === undefined || !(now.getTime() - Date.parse(last) < LOOK_INTERVAL_MS);

/**
 * Decides what becomes of a message. `survivors` tells of each letter that was seen in this look which message holds it now, by the letter's id:
 * `undefined` for one that is back in its dead-letter queue.
 */
export function parkingActionFor(
  { messageId, sentAt, letter }: ParkedMessage,
  { survivors, parkedDays, now }: { survivors: ReadonlyMap<string, string | undefined>; parkedDays: number; now: Date },
): ParkingAction {
  // A queue may deliver the same message twice, and what was just sent comes too.
  if (survivors.has(letter.id)) return survivors.get(letter.id) === messageId ? 'keep' : 'drop';
  const ageMs = (since: Date) => now.getTime() - since.getTime();
  if (ageMs(new Date(letter.parkedAt)) > (parkedDays - DEAD_LETTER_RETENTION_DAYS) * DAY_MS) return 'return';
  return ageMs(sentAt) > RENEWED_AFTER_MS ? 'renew' : 'keep';
}
