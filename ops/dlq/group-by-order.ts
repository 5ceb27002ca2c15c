import { type DeadLetter, messageKeyOf, orderIdOf } from './dead-letter.ts';
import { expiresAtOf } from './expiry.ts';
import { type Parked, parkedFields } from './parked.ts';
import { redactId } from './redact.ts';

/** The dead letters of one order, of all consumers; of one message where it names no order. Parked ones have the same owner, note and link, and are no others' group. */
export type OrderGroup = {
  /** `null` for a message that names no order. */
  orderId: string | null;
  /** Those that hold a dead letter of it. */
  consumers: string[];
  errorType: string;
  /** Each problem that any of them has, once. */
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
  example: { messageId: string };
};

/** Groups dead letters by their order, and those that name none by their message; what has failed first comes first. */
export function groupByOrder(deadLetters: Iterable<DeadLetter>): OrderGroup[] {
  const groups = Map.groupBy(deadLetters, (deadLetter) => {
    const orderId = orderIdOf(deadLetter);
    const { parked } = parkedFields(deadLetter.parked);
    return JSON.stringify(orderId === undefined ? [null, messageKeyOf(deadLetter), parked] : [orderId, parked]);
  });
  return [...groups.values()]
    .map(orderGroup)
    .sort((one, other) => compare(one.firstSeen, other.firstSeen) || compare(one.orderId ?? '', other.orderId ?? ''));
}

function orderGroup(deadLetters: readonly DeadLetter[]): OrderGroup {
  const times = deadLetters.map(({ failedAt }) => failedAt).sort();
  const [first] = deadLetters;
  const orderId = first && orderIdOf(first);
  const { parked } = parkedFields(first?.parked);
  const parkedAt = deadLetters.flatMap((deadLetter) => deadLetter.parked?.parkedAt ?? []).sort()[0];
  return {
    orderId: orderId === undefined ? null : redactId(orderId),
    consumers: distinct(deadLetters.map(({ consumer }) => consumer)),
    errorType: distinct(deadLetters.map(({ errorType }) => errorType)).join(', '),
    reason: distinct(deadLetters.flatMap(({ reason }) => reason.split('; '))).join('; '),
    count: deadLetters.length,
    firstSeen: times[0] ?? '',
    lastSeen: times.at(-1) ?? '',
    expiresAt: deadLetters.map(expiresAtOf).sort()[0] ?? '',
    ...(parked && { parked }),
    ...(parkedAt && { parkedAt }),
    example: { messageId: first?.id ?? '' },
  };
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

const compare = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);
