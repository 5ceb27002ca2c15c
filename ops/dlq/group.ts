import { type DeadLetter, orderIdOf } from './dead-letter.ts';
import { redactId } from './redact.ts';

/** The dead letters of one consumer that failed for one reason. */
export type DeadLetterGroup = {
  consumer: string;
  errorType: string;
  /** Verbatim if it is the same for all of them; else with `<id>` and `#` where they differ. */
  reason: string;
  count: number;
  firstSeen: string;
  lastSeen: string;
  /** One of them, for `dlq show --id …`. */
  example: { messageId: string; orderId?: string };
};

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
    const orderId = orderIdOf(deadLetter);
    const commonReason = groupingKey(reason, orderId);
    const key = JSON.stringify([consumer, errorType, commonReason]);
    const group = groups.get(key);
    if (group === undefined) {
      const example = { messageId: id, ...(orderId === undefined ? {} : { orderId: redactId(orderId) }) };
      groups.set(key, { consumer, errorType, reason, count: 1, firstSeen: failedAt, lastSeen: failedAt, example });
      continue;
    }
    group.count += 1;
    if (group.reason !== reason) group.reason = commonReason;
    if (failedAt < group.firstSeen) group.firstSeen = failedAt;
    if (failedAt > group.lastSeen) group.lastSeen = failedAt;
  }
  return [...groups.values()].sort(
    (one, other) => other.count - one.count || one.consumer.localeCompare(other.consumer),
  );
}
