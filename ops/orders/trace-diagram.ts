import { catalog } from '../../contracts/catalog.ts';
import type { Channel } from '../../contracts/cloud-event.ts';
import { formatDuration } from '../format.ts';
import type { Trace } from './timeline.ts';
import type { TracedAttempt } from './trace-attempts.ts';
import { outcomeText } from './trace-text.ts';

/** A line of the diagram, and when it happened (milliseconds since 1970). */
type Step = { at: number; from: string; arrow: '->>' | '--x'; to: string; text: string };

/** Everybody who can occur, from left to right; consumers that are not named here come last. */
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
  letters: 'dead-letter queue',
};

const LONGEST_TEXT = 120;

/** Takes a trace and gives it as a Mermaid sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html). */
export function traceDiagram(trace: Trace): string {
  const steps = [
    ...published(trace),
    ...trace.attempts.flatMap((one) => handled(one, trace.attempts)),
    ...texts(trace),
  ].sort((one, other) => one.at - other.at);
  const there = new Set(steps.flatMap(({ from, to }) => [from, to]));
  const known = Object.keys(LABELS).filter((name) => there.has(name));
  const others = [...there].filter((name) => !Object.hasOwn(LABELS, name));
  return [
    'sequenceDiagram',
    ...[...known, ...others].map((name) => `    participant ${idOf(name)} as ${plain(LABELS[name] ?? name)}`),
    ...steps.map(({ from, arrow, to, text }) => `    ${idOf(from)}${arrow}${idOf(to)}: ${plain(text)}`),
  ].join('\n');
}

/** What was published from outside, and what consumers published as far as their log does not tell. */
function published({ timeline, attempts }: Trace): Step[] {
  const told = new Set(attempts.flatMap((one) => one.published ?? []));
  const fromTimeline = timeline
    .filter(({ type, template }) => template === undefined && !told.has(type))
    .map(({ time, type, source }) => {
      const channel = channelOf(type);
      const from = channel === 'topic' ? 'publisher' : (source.split('/').at(-1) ?? source);
      // A publisher's clock may be ahead of ours.
      const at = Math.min(Date.parse(time), ...attempts.filter((one) => one.eventType === type).map(sentAt));
      return { at, from, arrow: '->>' as const, to: hopOf(channel), text: type };
    });
  const onRecord = new Set(timeline.map(({ type }) => type));
  const unknown = new Map<string, Step>();
  for (const one of attempts) {
    const { eventType: type = 'a message' } = one;
    if (onRecord.has(type) || unknown.has(type) || told.has(type) || channelOf(type) !== 'topic') continue;
    unknown.set(type, { at: sentAt(one), from: 'publisher', arrow: '->>', to: 'topic', text: type });
  }
  return [...fromTimeline, ...unknown.values()];
}

function handled(one: TracedAttempt, all: readonly TracedAttempt[]): Step[] {
  const { consumer, eventType: type = 'a message', attempt, waitedMs, tookMs, outcome } = one;
  const ended = Date.parse(one.time);
  const nth = attempt === 1 ? '' : `try ${attempt}, `;
  const come: Step = {
    at: ended - tookMs,
    from: hopOf(channelOf(type)),
    arrow: '->>',
    to: consumer,
    text: `${type} (${nth}waited ${formatDuration(waitedMs)})`,
  };
  const gone = (one.published ?? []).map((event): Step => {
    // It was in a queue before the try that published it had ended: the log knows only from which moment.
    const arrivals = all.filter(({ eventType }) => eventType === event).map(sentAt);
    const at = Math.min(ended, ...arrivals.filter((arrival) => arrival >= ended - tookMs));
    return { at, from: consumer, arrow: '->>', to: hopOf(channelOf(event)), text: event };
  });
  if (outcome === 'done') return [come, ...gone];
  const to = outcome === 'dead-lettered' ? 'letters' : consumer;
  return [come, ...gone, { at: ended, from: consumer, arrow: '--x', to, text: outcomeText(one) }];
}

function texts({ timeline }: Trace): Step[] {
  return timeline.flatMap(({ time, template, refused }): Step[] =>
    template === undefined || refused !== undefined
      ? []
      : [{ at: Date.parse(time), from: 'notification', arrow: '->>', to: 'customer', text: template }],
  );
}

const sentAt = ({ time, tookMs, waitedMs }: TracedAttempt) => Date.parse(time) - tookMs - waitedMs;

// What nobody has defined can only have come from outside.
const channelOf = (type: string): Channel => catalog.find((one) => one.type === type)?.channel ?? 'topic';

const hopOf = (channel: Channel) => (channel === 'lifecycle' ? 'feed' : channel);

const idOf = (name: string) => name.replaceAll(/\W/g, '_');

/** A semicolon would end the line, and a hash begin an entity. */
function plain(text: string): string {
  const line = text
    .replaceAll(';', ',')
    .replaceAll(/[#\s]+/g, ' ')
    .trim();
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT - 1)}…` : line;
}
