/** The tag of an object that was rewritten: after how many days it expires. Unlike its age, the days since its messages arrived are not known to S3. */
export const DAYS_LEFT_TAG = 'days-left';

// S3 takes 1,000 rules a bucket; more than a hundred would tell nothing more.
const MAX_STEPS = 100;
const DAY_MS = 86_400_000;

/**
 * Lists the lifetimes in days that a rewritten object can have: each day of a short archive, and a hundredth of a long one. A lifecycle rule of the
 * bucket exists for each.
 */
export function lifetimesInDays(archiveDays: number): number[] {
  const step = Math.ceil(archiveDays / MAX_STEPS);
  return Array.from({ length: Math.ceil(archiveDays / step) }, (_, index) => Math.min(archiveDays, (index + 1) * step));
}

/** Writes the tag with which an object of messages that arrived at a time expires when it would have unless it was rewritten, or a step later. */
export function daysLeftTag(arrival: string, archiveDays: number, now: Date): string {
  const days = archiveDays - Math.floor((now.getTime() - Date.parse(arrival)) / DAY_MS);
  const lifetimes = lifetimesInDays(archiveDays);
  return `${DAYS_LEFT_TAG}=${lifetimes.find((lifetime) => lifetime >= days) ?? archiveDays}`;
}
