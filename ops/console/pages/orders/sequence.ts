import type { Trace, TracedAttempt, TracedEvent } from '../../../orders/trace.ts';

/** One row of the sequence diagram. `at` is in milliseconds since 1970; `from` and `to` are lanes, the same one for a step without a receiver. */
export type Message = {
  at: number;
  from: string;
  to: string;
  /** The event's type, or the text's template. */
  name: string;
  /** `step`: something happened, and no attempt tells who heard of it; `next-try`: it has not happened yet. */
  kind: 'message' | 'step' | 'text' | 'dead-letter' | 'next-try';
  tone: 'plain' | 'warn' | 'bad';
  /** Who handled it, by its exact name. */
  by: string;
  /** How often it was tried, this attempt included. */
  attempt?: number;
  waitedMs?: number;
  /** Why it was not handled. */
  error?: string;
  retryInSeconds?: number | undefined;
};

/** Who takes part, from left to right, and what went between them, oldest first. */
export type Sequence = { lanes: string[]; messages: Message[] };

/** The lanes that every shop has; those of consumers of its own and of partners come before the customer. */
const FIRST_LANES = ['publisher', 'order', 'payment', 'stock', 'notification', 'shipping', 'sweep'];
const LAST_LANE = 'customer';

/** Builds an order's sequence diagram from its trace. */
export function sequenceOf(trace: Pick<Trace, 'timeline' | 'attempts' | 'deadLetters'>): Sequence {
  const messages = [
    ...trace.attempts.map((attempt) => handled(attempt, senderOf(trace, attempt.eventType))),
    ...trace.attempts.flatMap(nextTry),
    ...steps(trace),
    ...unloggedLetters(trace),
  ].sort((one, other) => one.at - other.at);
  const used = new Set(messages.flatMap(({ from, to }) => [from, to]));
  const first = FIRST_LANES.filter((lane) => used.has(lane));
  const last = used.has(LAST_LANE) ? [LAST_LANE] : [];
  const others = [...used].filter((lane) => !FIRST_LANES.includes(lane) && lane !== LAST_LANE).sort();
  return { lanes: [...first, ...others, ...last], messages };
}

/** `outcomes` decides by the rules of `order`, on its table: to whoever looks at an order they are one. */
const laneOf = (consumer: string): string => (consumer === 'outcomes' ? 'order' : consumer);

function handled(attempt: TracedAttempt, from: string): Message {
  const { time, consumer, eventType, tookMs, waitedMs, outcome, errorType, errorMessage, retryInSeconds } = attempt;
  const message: Message = {
    at: Date.parse(time) - tookMs,
    from,
    to: laneOf(consumer),
    name: eventType ?? '',
    kind: 'message',
    tone: 'plain',
    by: consumer,
    attempt: attempt.attempt,
    waitedMs,
  };
  if (outcome === 'done') return message;
  const tone = outcome === 'dead-lettered' ? 'bad' : 'warn';
  return { ...message, tone, error: errorText(errorType, errorMessage), retryInSeconds };
}

/** A message that waits for its next try. */
function nextTry({ nextTryAt, consumer, eventType, attempt }: TracedAttempt): Message[] {
  if (nextTryAt === undefined) return [];
  const lane = laneOf(consumer);
  const [at, name] = [Date.parse(nextTryAt), eventType ?? ''];
  return [{ at, from: lane, to: lane, name, kind: 'next-try', tone: 'warn', by: consumer, attempt: attempt + 1 }];
}

/** Returns the texts, and the events of which no attempt tells: those that nobody handles, and all of them where the logs are gone. */
function steps({ timeline, attempts }: Pick<Trace, 'timeline' | 'attempts'>): Message[] {
  const handledTypes = new Set(attempts.map(({ eventType }) => eventType));
  return timeline.flatMap((event): Message[] => {
    const { time, type, template, refused } = event;
    const at = Date.parse(time);
    if (template !== undefined) {
      const text = { at, from: 'notification', name: template, by: 'notification' };
      return refused === undefined
        ? [{ ...text, to: LAST_LANE, kind: 'text', tone: 'plain' }]
        : [{ ...text, to: 'notification', kind: 'step', tone: 'warn', error: refused }];
    }
    if (handledTypes.has(type)) return [];
    const lane = sourceLane(event);
    return [{ at, from: lane, to: lane, name: type, kind: 'step', tone: 'plain', by: lane }];
  });
}

/** Returns the dead letters of which no log tells: it is gone, or their consumer never got them. */
function unloggedLetters({ attempts, deadLetters = [] }: Pick<Trace, 'attempts' | 'deadLetters'>): Message[] {
  const logged = new Set(attempts.flatMap(({ outcome, consumer }) => (outcome === 'dead-lettered' ? [consumer] : [])));
  return deadLetters
    .filter(({ consumer }) => !logged.has(consumer))
    .map(({ consumer, failedAt, errorType, reason }) => {
      const lane = laneOf(consumer);
      const error = errorText(errorType, reason);
      return {
        at: Date.parse(failedAt),
        from: lane,
        to: lane,
        name: '',
        kind: 'dead-letter',
        tone: 'bad',
        by: consumer,
        error,
      };
    });
}

/** Finds who sent the messages of a type: whoever logged it, or else whoever the order's record names. */
function senderOf({ timeline, attempts }: Pick<Trace, 'timeline' | 'attempts'>, type: string | undefined): string {
  const logged = attempts.find(({ published = [] }) => type !== undefined && published.includes(type));
  if (logged !== undefined) return laneOf(logged.consumer);
  const recorded = timeline.find((event) => event.type === type);
  if (recorded !== undefined) return sourceLane(recorded);
  return type === 'shop.order.progressed.v1' ? 'order' : 'publisher';
}

/** The sources of this stack; whatever else publishes is a service of the shop's own. */
const OWN_SOURCES = FIRST_LANES.filter((lane) => lane !== 'publisher').map((lane) => `/shop/${lane}`);

const sourceLane = ({ source }: TracedEvent): string =>
  OWN_SOURCES.includes(source) ? source.slice('/shop/'.length) : 'publisher';

const errorText = (type = '', message = ''): string => [type, message].filter((part) => part !== '').join(': ');
