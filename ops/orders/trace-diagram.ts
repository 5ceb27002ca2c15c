import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { formatDuration } from '../format.ts';
import type { Trace, TracedAttempt } from './trace.ts';
import { eventIdOf, outcomeText } from './trace-text.ts';

/** An arrow of the diagram; `at` is in milliseconds since 1970. */
type Arrow = { at: number; from: string; style: '->>' | '--x'; to: string; text: string };

/** The participants from left to right; consumers without a label come last. */
const LABELS: Record<string, string> = {
  publisher: 'publisher',
  topic: 'orders topic',
  order: 'order',
  outcomes: 'outcomes',
  payment: 'payment',
  stock: 'stock',
  notification: 'notification',
  bus: 'shop bus',
  feed: 'order lifecycle',
  shipping: 'shipping',
  sweep: 'sweep',
  customer: 'customer',
  deadLetters: 'dead-letter queue',
};

const MAX_TEXT_LENGTH = 120;

/** Formats a trace as a Mermaid sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html). */
export function traceDiagram(trace: Trace): string {
  const arrows = [
    ...publicationArrows(trace),
    ...trace.attempts.flatMap((attempt) => attemptArrows(attempt, trace.attempts)),
    ...textArrows(trace),
    ...deadLetterArrows(trace),
  ].sort((one, other) => one.at - other.at);
  const participants = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  const labelled = Object.keys(LABELS).filter((name) => participants.has(name));
  const others = [...participants].filter((name) => !Object.hasOwn(LABELS, name));
  return [
    'sequenceDiagram',
    ...[...labelled, ...others].map((name) => `    participant ${idOf(name)} as ${escapeText(LABELS[name] ?? name)}`),
    ...arrows.map(({ from, style, to, text }) => `    ${idOf(from)}${style}${idOf(to)}: ${escapeText(text)}`),
  ].join('\n');
}

/** Draws the events that no attempt's log line reports as published: those from outside, and all of them without logs. */
function publicationArrows({ timeline, attempts }: Trace): Arrow[] {
  const logged = new Set(attempts.flatMap((attempt) => attempt.published ?? []));
  const drawn = new Map<string, number>();
  const fromTimeline = timeline
    .filter(({ type, template }) => template === undefined && !logged.has(type))
    .map((event): Arrow => {
      const { time, type, source } = event;
      const nth = drawn.get(type) ?? 0;
      drawn.set(type, nth + 1);
      const channel = channelOf(type);
      const from = channel === 'topic' ? 'publisher' : (source.split('/').at(-1) ?? source);
      // A publisher's clock may be ahead of ours.
      const at = Math.min(Date.parse(time), sendingTimes(attempts, type)[nth] ?? Number.POSITIVE_INFINITY);
      const id = eventIdOf(event);
      return { at, from, style: '->>', to: participantOf(channel), text: id === undefined ? type : `${type} (${id})` };
    });
  // Messages that no consumer accepted, or that only payment and stock record, are in the logs only.
  const recorded = new Set(timeline.map(({ type }) => type));
  const types = new Set(attempts.map(({ eventType = 'a message' }) => eventType));
  const unrecorded = [...types]
    .filter((type) => !recorded.has(type) && !logged.has(type) && channelOf(type) === 'topic')
    .flatMap((type) =>
      sendingTimes(attempts, type).map(
        (at): Arrow => ({ at, from: 'publisher', style: '->>', to: 'topic', text: type }),
      ),
    );
  return [...fromTimeline, ...unrecorded];
}

/** Returns when the messages of a type were sent, oldest first. Each consumer has ids of its own for them, so the one that got most tells. */
function sendingTimes(attempts: readonly TracedAttempt[], type: string): number[] {
  const ofType = attempts.filter(({ eventType = 'a message' }) => eventType === type);
  const byConsumer = [...Map.groupBy(ofType, ({ consumer }) => consumer).values()].map((some) =>
    [...Map.groupBy(some, ({ messageId }) => messageId).values()]
      .map((tries) => Math.min(...tries.map(sentAt)))
      .sort((one, other) => one - other),
  );
  const most = Math.max(0, ...byConsumer.map(({ length }) => length));
  return Array.from({ length: most }, (_, nth) => Math.min(...byConsumer.flatMap((times) => times[nth] ?? [])));
}

/** Draws the receiving of a message, the events its consumer published, and the error where the attempt failed. */
function attemptArrows(attempt: TracedAttempt, all: readonly TracedAttempt[]): Arrow[] {
  const { consumer, eventType: type = 'a message', waitedMs, tookMs, outcome } = attempt;
  const endedAt = Date.parse(attempt.time);
  const startedAt = endedAt - tookMs;
  const nth = attempt.attempt === 1 ? '' : `try ${attempt.attempt}, `;
  const received: Arrow = {
    at: startedAt,
    from: participantOf(channelOf(type)),
    style: '->>',
    to: consumer,
    text: `${type} (${nth}waited ${formatDuration(waitedMs)})`,
  };
  const published = (attempt.published ?? []).map((event): Arrow => {
    // An event is in the next queue before the attempt that published it ends, and only the end is logged.
    const arrivals = all.filter(({ eventType }) => eventType === event).map(sentAt);
    const at = Math.min(endedAt, ...arrivals.filter((arrival) => arrival >= startedAt));
    return { at, from: consumer, style: '->>', to: participantOf(channelOf(event)), text: event };
  });
  if (outcome === 'done') return [received, ...published];
  const to = outcome === 'dead-lettered' ? 'deadLetters' : consumer;
  return [received, ...published, { at: endedAt, from: consumer, style: '--x', to, text: outcomeText(attempt) }];
}

const textArrows = ({ timeline }: Trace): Arrow[] =>
  timeline.flatMap(({ time, template, refused }): Arrow[] =>
    template === undefined || refused !== undefined
      ? []
      : [{ at: Date.parse(time), from: 'notification', style: '->>', to: 'customer', text: template }],
  );

/** Draws the dead letters of which no log tells: the log is gone, or their consumer never got them. */
function deadLetterArrows({ deadLetters = [], attempts }: Trace): Arrow[] {
  const logged = new Set(attempts.flatMap(({ outcome, consumer }) => (outcome === 'dead-lettered' ? [consumer] : [])));
  return deadLetters
    .filter(({ consumer }) => !logged.has(consumer))
    .map(({ consumer, failedAt, errorType, reason }) => {
      const text = outcomeText({ outcome: 'dead-lettered', errorType, errorMessage: reason });
      return { at: Date.parse(failedAt), from: consumer, style: '--x', to: 'deadLetters', text };
    });
}

const sentAt = ({ time, tookMs, waitedMs }: TracedAttempt) => Date.parse(time) - tookMs - waitedMs;

// An event that is not in the catalog can only come from outside.
const channelOf = (type: string): Channel => catalog.find((contract) => contract.type === type)?.channel ?? 'topic';

const participantOf = (channel: Channel) => (channel === 'lifecycle' ? 'feed' : channel);

const idOf = (name: string) => name.replaceAll(/\W/g, '_');

// Characters that Mermaid does not take for text: the end of a line, an entity, HTML, a formula.
const SPECIAL = /[;#&<>$%]/g;

/** Shortens a text and escapes it by Mermaid's entity codes (https://mermaid.js.org/syntax/sequenceDiagram.html#entity-codes-to-escape-characters). */
function escapeText(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const short = line.length > MAX_TEXT_LENGTH ? `${line.slice(0, MAX_TEXT_LENGTH - 1)}…` : line;
  return short.replaceAll(SPECIAL, (character) => `#${character.charCodeAt(0)};`);
}
