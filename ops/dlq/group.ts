import { type Letter, orderIdOf } from './letter.ts';

/** The dead letters of one consumer that failed for one reason. */
export type Group = {
  consumer: string;
  errorType: string;
  /** To the letter where all of them say the same; else with `<id>` and `#` where they differ. */
  reason: string;
  count: number;
  firstSeen: string;
  lastSeen: string;
  /** One of them, to look at: `dlq show --id …`. */
  example: { messageId: string; orderId?: string };
};

/** Takes a reason and gives what it has in common with others of its kind: ids become `<id>`, numbers `#`. */
export function alike(reason: string): string {
  return reason.replaceAll(/[\p{L}\d_-]*\d[\p{L}\d_-]*/gu, (word) => {
    // shop.order.placed.v1 is a name.
    if (/^v\d+$/.test(word)) return word;
    return /^\d+$/.test(word) ? '#' : '<id>';
  });
}

/** Takes dead letters and gives them by consumer and reason, the largest group first. */
export function grouped(letters: Iterable<Letter>): Group[] {
  const groups = new Map<string, Group>();
  for (const letter of letters) {
    const { consumer, errorType, reason, failedAt, id } = letter;
    const common = alike(reason);
    const key = JSON.stringify([consumer, errorType, common]);
    const known = groups.get(key);
    if (known === undefined) {
      const orderId = orderIdOf(letter);
      const example = { messageId: id, ...(orderId === undefined ? {} : { orderId }) };
      groups.set(key, { consumer, errorType, reason, count: 1, firstSeen: failedAt, lastSeen: failedAt, example });
      continue;
    }
    known.count += 1;
    if (known.reason !== reason) known.reason = common;
    if (failedAt < known.firstSeen) known.firstSeen = failedAt;
    if (failedAt > known.lastSeen) known.lastSeen = failedAt;
  }
  return [...groups.values()].sort(
    (one, other) => other.count - one.count || one.consumer.localeCompare(other.consumer),
  );
}
