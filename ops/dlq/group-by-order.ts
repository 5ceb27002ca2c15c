import { type DeadLetter, messageKeyOf, orderIdOf } from './dead-letter.ts';
import { redactId } from './redact.ts';

/** The dead letters of one order, of all consumers; of one message where it names no order. */
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
  /** One of them, for `dlq show --id …`. */
  example: { messageId: string };
};

/** Groups dead letters by their order, and those that name none by their message; what has failed first comes first. */
export function groupByOrder(deadLetters: Iterable<DeadLetter>): OrderGroup[] {
  const groups = Map.groupBy(deadLetters, (deadLetter) => {
    const orderId = orderIdOf(deadLetter);
    return JSON.stringify(orderId === undefined ? [null, messageKeyOf(deadLetter)] : [orderId]);
  });
  return [...groups.values()]
    .map(orderGroup)
    .sort((one, other) => compare(one.firstSeen, other.firstSeen) || compare(one.orderId ?? '', other.orderId ?? ''));
}

function orderGroup(deadLetters: readonly DeadLetter[]): OrderGroup {
  const times = deadLetters.map(({ failedAt }) => failedAt).sort();
  const [first] = deadLetters;
  const orderId = first && orderIdOf(first);
  return {
    orderId: orderId === undefined ? null : redactId(orderId),
    consumers: distinct(deadLetters.map(({ consumer }) => consumer)),
    errorType: distinct(deadLetters.map(({ errorType }) => errorType)).join(', '),
    reason: distinct(deadLetters.flatMap(({ reason }) => reason.split('; '))).join('; '),
    count: deadLetters.length,
    firstSeen: times[0] ?? '',
    lastSeen: times.at(-1) ?? '',
    example: { messageId: first?.id ?? '' },
  };
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

const compare = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);
