const DAY_MS = 86_400_000;
const SOON_DAYS = 3;

/** How near a letter's end is: `over` once it may be gone, `soon` within three days. */
export type Expiry = 'over' | 'soon' | 'later';

/** Tells how near an end is; `expiresAt` is RFC 3339. */
export function expiryOf(expiresAt: string, now: Date): Expiry {
  const left = Date.parse(expiresAt) - now.getTime();
  if (left <= 0) return 'over';
  return left < SOON_DAYS * DAY_MS ? 'soon' : 'later';
}
