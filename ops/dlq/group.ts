import { type DeadLetter, orderIdOf } from './dead-letter.ts';
import { expiresAtOf } from './expiry.ts';
import { type Parked, parkedFields } from './parked.ts';
import { redactId } from './redact.ts';

/** The dead letters of one consumer that failed for one reason; parked ones have the same owner, note and link, and are no others' group. */
export type DeadLetterGroup = {
  consumer: string;
  errorType: string;
  /** Verbatim if it is the same for all of them; else with `<id>` and `#` where they differ. */
  reason: string;
  count: number;
  firstSeen: string;
  lastSeen: string;
  /** When the first of them ends, RFC 3339. */
  expiresAt: string;
  /** Who looks after them, and since when the first of them is parked. */
  parked?: Pick<Parked, 'owner' | 'note' | 'link'>;
  parkedAt?: string;
  /** One of them, for `dlq show --id …`. */
  example: { messageId: string; orderId?: string };
};

/** The earlier of two times that are written alike. */
export const earlier = (one: string, other: string): string => (other < one ? other : one);

/**
 * Replaces what differs between reasons of one kind: ids become `<id>`, numbers `#`. An `orderId` need not look like an id, so it is
 * replaced where a reason names the order.
 */
export function groupingKey(reason: string, orderId?: string): string {
  const words = reason.split(' ');
  const isOrderId = (word: string, index: number) => word === orderId && /^order$/i.test(words[index - 1] ?? '');
  return words.map((word, index) => (isOrderId(word, index) ? '<id>' : generalize(word))).join(' ');
}

function generalize(word: string): string {
  return word.replaceAll(/[\p{L}\d_-]*\d[\p{L}\d_-]*/gu, (part) => {
    // shop.order.placed.v1 is a name.
    if (/^v\d+$/.test(part)) return part;
    return /^\d+$/.test(part) ? '#' : '<id>';
  });
}

/** Groups dead letters by consumer and reason, the largest group first. */
export function groupByReason(deadLetters: Iterable<DeadLetter>): DeadLetterGroup[] {
  const groups = new Map<string, DeadLetterGroup>();
  for (const deadLetter of deadLetters) {
    const { consumer, errorType, reason, failedAt, id } = deadLetter;
    const expiresAt = expiresAtOf(deadLetter);
    const { parked, ...since } = parkedFields(deadLetter.parked);
    const orderId = orderIdOf(deadLetter);
    const commonReason = groupingKey(reason, orderId);
    const key = JSON.stringify([consumer, errorType, commonReason, parked]);
    const group = groups.get(key);
    if (group === undefined) {
      const example = { messageId: id, ...(orderId === undefined ? {} : { orderId: redactId(orderId) }) };
      const times = { firstSeen: failedAt, lastSeen: failedAt, expiresAt, ...since };
      groups.set(key, { consumer, errorType, reason, count: 1, ...times, ...(parked && { parked }), example });
      continue;
    }
    group.count += 1;
    if (group.reason !== reason) group.reason = commonReason;
    group.firstSeen = earlier(group.firstSeen, failedAt);
    group.expiresAt = earlier(group.expiresAt, expiresAt);
    if (group.parkedAt && since.parkedAt) group.parkedAt = earlier(group.parkedAt, since.parkedAt);
    if (failedAt > group.lastSeen) group.lastSeen = failedAt;
  }
  return [...groups.values()].sort(
    (one, other) => other.count - one.count || one.consumer.localeCompare(other.consumer),
  );
}
