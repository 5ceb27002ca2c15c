import { formatAge } from '../format.ts';

/** What is known of an attempt at a message, and when the message is tried again. */
type Tried = {
  consumer: string;
  messageId: string;
  eventType?: string | undefined;
  /** When it ended. */
  time: string;
  outcome: string;
  errorType?: string | undefined;
  errorMessage?: string | undefined;
  retryInSeconds?: number | undefined;
  nextTryAt?: string;
};

/** Adds to the last attempt at each message when it is tried again (ISO 8601), where its log line announces it. */
export function withNextTries<A extends Tried>(attempts: readonly A[]): A[] {
  const messageOf = ({ consumer, messageId }: Tried) => `${consumer} ${messageId}`;
  const last = new Map(attempts.map((attempt) => [messageOf(attempt), attempt]));
  return attempts.map((attempt) => {
    const { outcome, time, retryInSeconds } = attempt;
    if (outcome !== 'will be tried again' || retryInSeconds === undefined) return attempt;
    if (last.get(messageOf(attempt)) !== attempt) return attempt;
    return { ...attempt, nextTryAt: new Date(Date.parse(time) + retryInSeconds * 1_000).toISOString() };
  });
}

/** Returns when the first message of an order is tried again; `undefined` where none waits for that. */
export const firstTryAt = (attempts: readonly Tried[]): string | undefined =>
  attempts.flatMap(({ nextTryAt }) => nextTryAt ?? []).sort()[0];

/** Formats a line for each message that is tried again: when, and what it waits for. */
export const nextTryLines = (attempts: readonly Tried[], now: Date): string[] =>
  attempts
    .filter(({ nextTryAt }) => nextTryAt !== undefined)
    .sort((one, other) => ((one.nextTryAt ?? '') < (other.nextTryAt ?? '') ? -1 : 1))
    .map(({ consumer, eventType = 'a message', nextTryAt = '', errorType, errorMessage }) => {
      const seconds = (Date.parse(nextTryAt) - now.getTime()) / 1_000;
      const off = seconds > 0 ? `in ${formatAge(Math.ceil(seconds))}` : `due for ${formatAge(-seconds)}`;
      return `${consumer} tries ${eventType} again at ${nextTryAt} (${off}); it waits for: ${errorType}: ${errorMessage}`;
    });
