import { shellArgument } from '../command.ts';
import { counted, formatAge } from '../format.ts';
import { causeClause, type FunctionFailure } from '../function-failures.ts';
import type { LogFindings } from '../function-log.ts';
import { describePause, formatMoment, type Pause } from '../pause/record.ts';
import { type DeliveryLetters, type QueueDepth, totalMessages } from '../queues.ts';
import { type ConsumerMetrics, RATE_MINUTES } from './metrics.ts';
import type { OrderCounts } from './orders.ts';
import type { PausedStatus } from './paused.ts';
import type { DueRefunds } from './refunds.ts';
import type { WaitingOrder } from './waiting.ts';

/** A queue's event source mapping, which delivers its messages to the function, in so many batches at once. */
export type EventSourceMapping = { enabled: boolean; concurrency: number | undefined };

/** The state of one consumer, or of a partner: its queue, its metrics and its mapping. */
export type ConsumerStatus = { name: string; partner?: true } & QueueDepth &
  ConsumerMetrics &
  LogFindings & {
    deadLetters: number;
    /** `undefined` where the queue has none, as that of a partner. */
    mapping: EventSourceMapping | undefined;
    /** The record of a pause, also where the mapping is enabled all the same. */
    pause: Pause | undefined;
    /** `null` where it is not paused. */
    paused: PausedStatus | null;
  };

/** The state of the whole shop at one moment. */
export type ShopStatus = {
  consumers: ConsumerStatus[];
  orders: OrderCounts;
  /** Whether the sandbox gateway was taken down. */
  gatewayDown: boolean;
  /** The orders that have been undecided for longer than a healthy shop needs, oldest first. */
  late: WaitingOrder[];
  dueRefunds: DueRefunds;
  /** How many dead letters are parked, which is no problem. */
  parked: number;
  /** Steps that did not reach the archive's queue, and missed runs of the sweep. */
  undelivered: DeliveryLetters[];
  /** What AWS lost or refuses, beside what is in a queue. */
  losses: Problem[];
  /** The id of the order that has been undecided the longest, late or not. */
  oldestOrder: string | undefined;
  /** What the sweep's log tells. */
  sweep: LogFindings;
};

/** One problem of a consumer: a short state, a sentence, and the command to run next. */
export type Problem = { consumer: string; state: string; sentence: string; next: string };

/** A message older than this, in seconds, is a problem: a healthy shop needs a few seconds. */
const MAX_HEALTHY_AGE_SECONDS = 120;
/** From this share of failed attempts, 0 to 1, there is a problem. A few always fail: write conflicts, network errors. */
const MIN_UNHEALTHY_ERROR_RATE = 0.1;

/** A message that a partner has not done for so many seconds is one: its service may be busy, or down for a while, and that is its own business. */
const MAX_PARTNER_AGE_SECONDS = 3_600;

const FUNCTION_ERRORS = 'read docs/runbook/function-errors.md';
const DEPLOY = 'npm run deploy -- <stage> (on this machine: npm run ops -- up)';

/** Returns all problems of the shop; consumers that do not make progress come first, dead letters last. */
export function problemsOf(shop: ShopStatus, now = new Date()): Problem[] {
  const stalled = shop.consumers.flatMap(
    (one) => (one.partner ? partnerProblem(one) : progressProblem(one, shop, now)) ?? [],
  );
  const withDeadLetters = shop.consumers.filter(({ deadLetters }) => deadLetters > 0);
  return [
    ...stalled,
    ...sweepProblem(shop.sweep.failure),
    ...shop.losses,
    ...withDeadLetters.map(({ name, deadLetters }) => ({
      consumer: name,
      state: 'dead letters',
      sentence: counted(deadLetters, 'dead letter'),
      next: 'npm run ops -- dlq list',
    })),
    ...shop.undelivered.filter(({ count }) => count > 0).map(deliveryProblem),
  ];
}

function deliveryProblem({ consumer, count }: DeliveryLetters): Problem {
  const sentence =
    consumer === 'sweep'
      ? `${counted(count, 'run')} did not take place`
      : `${counted(count, 'step')} of the lifecycle feed did not reach its queue`;
  return { consumer, state: 'dead letters', sentence, next: `npm run ops -- dlq list --consumer ${consumer}` };
}

/** Returns the pauses that are no problem: somebody decided on them, and they do no harm yet. */
export function pausesOf({ consumers }: Pick<ShopStatus, 'consumers'>): Problem[] {
  return consumers.flatMap((consumer) =>
    consumer.paused === null || consumer.paused.urgent ? [] : [pauseProblem(consumer, consumer.paused)],
  );
}

function pauseProblem(consumer: ConsumerStatus, paused: PausedStatus): Problem {
  const { resumeBy, ordersCancelledFrom } = paused;
  const harm = [
    ...(resumeBy === null ? [] : [`resume it by ${formatMoment(resumeBy)}, before its queue loses messages`]),
    ...(ordersCancelledFrom === null
      ? []
      : [`orders that are undecided are cancelled from ${formatMoment(ordersCancelledFrom)} on`]),
  ];
  // Nothing is tried meanwhile, so there is no next try.
  const sentence = [[describePause(paused), ...backlog(consumer, new Date())].join(', '), ...harm].join('; ');
  return { consumer: consumer.name, state: 'paused', sentence, next: resumeCommand(consumer.name) };
}

const resumeCommand = (consumer: string) => `npm run ops -- resume ${consumer}`;

/** Returns the root cause only: an open breaker, for one, also makes attempts fail and messages wait. */
function progressProblem(
  consumer: ConsumerStatus,
  { gatewayDown, oldestOrder }: ShopStatus,
  now: Date,
): Problem | undefined {
  const { name, mapping, pause, paused, breaker, oldestSeconds, errorRate, failure } = consumer;
  if (paused !== null) return paused.urgent ? pauseProblem(consumer, paused) : undefined;
  const problem = (state: string, cause: string, next: string): Problem => ({
    consumer: name,
    state,
    sentence: [cause, ...backlog(consumer, now)].join(', '),
    next,
  });
  const inspect =
    oldestOrder === undefined ? 'npm run ops -- status --watch' : `npm run ops -- trace ${shellArgument(oldestOrder)}`;
  if (mapping === undefined) return problem('not connected', 'its queue has no event source mapping', DEPLOY);
  if (!mapping.enabled) return problem('switched off', 'its event source mapping is disabled', resumeCommand(name));
  if (pause !== undefined) {
    const again = `npm run ops -- pause ${name} --reason ${shellArgument(pause.reason)}`;
    return problem('not paused', `it was ${describePause(pause)}, and something enabled it since`, again);
  }
  if (failure !== null) return problem(failureState(failure), failureSentence(failure), FUNCTION_ERRORS);
  if (name === 'payment' && gatewayDown) {
    return problem('gateway down', 'the sandbox gateway is down', 'npm run ops -- sandbox payment up');
  }
  if (breaker === 'open') return problem('breaker open', 'its circuit breaker is open', inspect);
  if (isFailing(consumer)) {
    const share = `${Math.round((errorRate ?? 0) * 100)}%`;
    return problem('failing', `${share} of its attempts failed in the last ${RATE_MINUTES} minutes`, inspect);
  }
  const slow = (oldestSeconds ?? 0) >= MAX_HEALTHY_AGE_SECONDS;
  return slow ? problem('slow', 'it does not keep up', inspect) : undefined;
}

/** Nothing of the stack takes a partner's messages, so that they wait is the one thing to see. */
function partnerProblem({ name, oldestSeconds, ...depth }: ConsumerStatus): Problem | undefined {
  if (oldestSeconds === null || oldestSeconds < MAX_PARTNER_AGE_SECONDS) return undefined;
  const left = counted(totalMessages(depth), 'message');
  return {
    consumer: name,
    state: 'not read',
    sentence: `a partner that has not read ${left}, the oldest for ${formatAge(oldestSeconds)}; tell its team`,
    next: 'npm run ops -- status --watch',
  };
}

const isFailing = (consumer: ConsumerStatus) =>
  (consumer.errorRate ?? 0) >= MIN_UNHEALTHY_ERROR_RATE && totalMessages(consumer) > 0;

/** The sweep has no queue: its runs fail one by one. */
function sweepProblem(failure: FunctionFailure | null): Problem[] {
  if (failure === null) return [];
  return [
    { consumer: 'sweep', state: failureState(failure), sentence: failureSentence(failure), next: FUNCTION_ERRORS },
  ];
}

const failureState = ({ cannotStart }: FunctionFailure) => (cannotStart ? 'cannot start' : 'function fails');

function failureSentence(failure: FunctionFailure): string {
  return `its function ${failure.cannotStart ? 'cannot start' : 'fails'} (${causeClause(failure)})`;
}

function backlog(consumer: ConsumerStatus, now: Date): string[] {
  const { oldestSeconds } = consumer;
  const count = totalMessages(consumer);
  if (count === 0) return [];
  const since = oldestSeconds === null ? '' : `, the oldest for ${formatAge(oldestSeconds)}`;
  const next = nextTryIn(consumer, now);
  return [`${counted(count, 'message')} not done${since}${next === undefined ? '' : `, the next try ${next}`}`];
}

/** Formats how far off a consumer's next try is: `in 40 s`, or `now` where it is due. */
export function nextTryIn({ nextTryAt }: Pick<ConsumerStatus, 'nextTryAt'>, now: Date): string | undefined {
  if (nextTryAt === null) return undefined;
  const seconds = (Date.parse(nextTryAt) - now.getTime()) / 1_000;
  return seconds <= 0 ? 'now' : `in ${formatAge(Math.ceil(seconds))}`;
}

/** Returns the document of `status --json`. */
export function statusDocument(status: ShopStatus) {
  const problems = problemsOf(status);
  const consumers = status.consumers.map(({ mapping, pause: _, ...consumer }) => {
    const own = problems.filter((problem) => problem.consumer === consumer.name);
    // Whether a partner's service is running nobody here knows.
    const enabled = consumer.partner ? null : (mapping?.enabled ?? false);
    return { ...consumer, enabled, problems: own.map(({ sentence }) => sentence) };
  });
  return {
    ok: problems.length === 0,
    consumers,
    orders: { ...status.orders, waiting: status.late },
    refundsDue: status.dueRefunds.count,
    oldestRefundsDue: status.dueRefunds.oldest,
    parked: status.parked,
    undelivered: status.undelivered,
    problems,
  };
}
