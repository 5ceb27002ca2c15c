import type { Trace, TracedAttempt, TracedEvent } from '../../../orders/trace.ts';

/** What a step means for the order: it is on its way, waits, failed, or is neither good nor bad. */
type StepTone = 'good' | 'bad' | 'warn' | 'idle';

/** One row of an order's timeline: something that happened, or an attempt to handle a message. */
export type TimelineRow = {
  key: string;
  time: string;
  /** Since the first row. */
  sinceStartMs: number;
  /** Since the row before. */
  sincePreviousMs: number;
  who: string;
  tone: StepTone;
  what: { kind: 'event'; event: TracedEvent } | Tries;
};

/** An attempt, or several in a row that failed alike: `attempt` is the last of them, and `first` the number of the first. */
type Tries = { kind: 'attempt'; attempt: TracedAttempt; first: number };

export type TimelineOptions = {
  /** Shows the attempts that succeeded too. */
  allAttempts: boolean;
};

type Step = Pick<TimelineRow, 'time' | 'who' | 'tone' | 'what'>;

/** Lists what happened to an order, oldest first. */
export function timelineRows(
  { timeline, attempts }: Pick<Trace, 'timeline' | 'attempts'>,
  { allAttempts }: TimelineOptions,
): TimelineRow[] {
  const shown = attempts.filter(({ outcome }) => allAttempts || outcome !== 'done');
  // Not as text: the times come from several publishers, which write them differently.
  const steps = [...timeline.map(eventStep), ...unrecorded(timeline, attempts), ...shown.map(attemptStep)]
    .sort((one, other) => Date.parse(one.time) - Date.parse(other.time))
    .reduce(addStep, []);
  const at = (index: number) => Date.parse(steps[index]?.time ?? '');
  return steps.map((step, index) => ({
    ...step,
    key: `${index} ${step.time}`,
    sinceStartMs: at(index) - at(0),
    sincePreviousMs: index === 0 ? 0 : at(index) - at(index - 1),
  }));
}

const eventStep = (event: TracedEvent): Step => ({
  time: event.time,
  who: event.source,
  tone: event.refused === undefined ? (TONES[event.type] ?? 'idle') : 'warn',
  what: { kind: 'event', event },
});

/** Returns the events that a consumer published and no record keeps, such as those of a consumer of the shop's own. */
function unrecorded(timeline: readonly TracedEvent[], attempts: readonly TracedAttempt[]): Step[] {
  // A step of the feed is in the timeline by what it says.
  const recorded = new Set([...timeline.map(({ type }) => type), 'shop.order.progressed.v1']);
  return attempts.flatMap(({ time, consumer, published = [] }) =>
    published.filter((type) => !recorded.has(type)).map((type) => eventStep({ time, type, source: consumer })),
  );
}

const attemptStep = (attempt: TracedAttempt): Step => ({
  time: attempt.time,
  who: attempt.consumer,
  tone: ATTEMPT_TONES[attempt.outcome],
  what: { kind: 'attempt', attempt, first: attempt.attempt },
});

/** Adds a step, or one more try to a step that failed alike: an outage of a day is one row, not a hundred. */
function addStep(steps: readonly Step[], next: Step): Step[] {
  const last = steps.at(-1);
  if (last?.what.kind !== 'attempt' || next.what.kind !== 'attempt') return [...steps, next];
  if (!failedAlike(last.what.attempt, next.what.attempt)) return [...steps, next];
  return [...steps.slice(0, -1), { ...last, what: { ...last.what, attempt: next.what.attempt } }];
}

const failedAlike = (one: TracedAttempt, other: TracedAttempt): boolean =>
  one.outcome === 'will be tried again' &&
  one.outcome === other.outcome &&
  one.consumer === other.consumer &&
  one.messageId === other.messageId &&
  one.errorType === other.errorType &&
  one.errorMessage === other.errorMessage;

const ATTEMPT_TONES: Readonly<Record<TracedAttempt['outcome'], StepTone>> = {
  done: 'idle',
  'will be tried again': 'warn',
  'dead-lettered': 'bad',
};

const TONES: Readonly<Record<string, StepTone>> = {
  'shop.order.confirmed.v1': 'good',
  'shop.order.refused.v1': 'bad',
  'shop.order.cancel-refused.v1': 'warn',
  'shop.order.delayed.v1': 'warn',
  'shop.order.deadline-passed.v1': 'warn',
  'shop.payment.authorized.v1': 'good',
  'shop.payment.captured.v1': 'good',
  'shop.payment.declined.v1': 'warn',
  'shop.payment.refund-due.v1': 'bad',
  'shop.payment.refund-refused.v1': 'bad',
  'shop.stock.reserved.v1': 'good',
  'shop.stock.rejected.v1': 'warn',
};
