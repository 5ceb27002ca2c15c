import type { TracedAttempt } from '../../ops/orders/trace.ts';

/** Returns a moment so many seconds after an order was placed (ISO 8601). */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 21, 9) + seconds * 1_000).toISOString();

/** Builds payment's first attempt at an order, a second after it was placed. */
export const attempt = (parts: Partial<TracedAttempt> = {}): TracedAttempt => ({
  time: at(1),
  consumer: 'payment',
  eventType: 'shop.order.placed.v1',
  messageId: 'm-1',
  attempt: 1,
  waitedMs: 400,
  tookMs: 100,
  outcome: 'done',
  ...parts,
});
