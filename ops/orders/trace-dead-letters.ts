import { traceIdOf } from '../../contracts/traceparent.ts';
import type { Column } from '../columns.ts';
import { shellArgument } from '../command.ts';
import { type DeadLetter, orderIdOf } from '../dlq/dead-letter.ts';
import { shorten } from '../dlq/format.ts';
import { parkedFields } from '../dlq/parked.ts';
import type { DeadLetterQueue } from '../dlq/queue.ts';
import { scan } from '../dlq/scan.ts';
import { formatTime, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { addRefusals } from './refusals.ts';
import type { Trace, TracedDeadLetter } from './trace.ts';

/** An order's dead letters, oldest first, and what could not be searched for more of them. */
export type FoundDeadLetters = {
  deadLetters: DeadLetter[];
  /** The consumers whose queues hold more than were received, or than can be: those in flight, or behind others. */
  incomplete: string[];
};

// A trace must not take long, nor keep dead letters from a redrive: `dlq` searches all of them.
const MAX_SEARCHED = 1_000;

/** Searches the dead-letter queues that hold anything for an order's dead letters, up to 1,000 in each, and releases all of them. */
export async function findDeadLetters(
  queues: readonly DeadLetterQueue[],
  orderId: string,
  signal?: AbortSignal,
): Promise<FoundDeadLetters> {
  // Each search releases what it received, so none is left running when another one fails.
  const searches = await Promise.allSettled(queues.map((queue) => searchQueue(queue, signal)));
  const found = searches.map((search) => {
    if (search.status === 'rejected') throw search.reason;
    return search.value;
  });
  const ofOrder = found.flatMap(({ received }) => received).filter((deadLetter) => orderIdOf(deadLetter) === orderId);
  return {
    // A command that was killed while it parked leaves a letter in two queues, of which the last one named counts.
    deadLetters: [...new Map(ofOrder.map((deadLetter) => [deadLetter.id, deadLetter])).values()].sort((one, other) =>
      one.failedAt < other.failedAt ? -1 : 1,
    ),
    incomplete: found.flatMap(({ consumer, isComplete }) => (isComplete ? [] : [consumer])),
  };
}

async function searchQueue(queue: DeadLetterQueue, signal: AbortSignal | undefined) {
  const { consumer } = queue;
  const { waiting, inFlight } = await queue.depth();
  const total = waiting + inFlight;
  if (waiting === 0) return { consumer, received: [], isComplete: total === 0 };
  const most = Math.min(waiting, MAX_SEARCHED);
  let seen = 0;
  const stopAt = () => {
    seen += 1;
    return seen >= most;
  };
  const { deadLetters: received } = await scan(queue, { stopAt, signal });
  return { consumer, received, isComplete: received.length >= total };
}

/** Adds an order's dead letters to its trace, and what they refuse. An order that nothing else knows has a trace of these alone. */
export function addDeadLetters(
  trace: Trace | undefined,
  orderId: string,
  deadLetters: readonly DeadLetter[],
): Trace | undefined {
  if (deadLetters.length === 0) return trace;
  const traceId = traceIdOf(undefined, orderId);
  const known = trace ?? { orderId, status: null, total: null, traceId, timeline: [], attempts: [] };
  const traced = deadLetters.map(
    ({ id, consumer, errorType, reason, failedAt, stackTrace, parked }): TracedDeadLetter => ({
      consumer,
      messageId: id,
      errorType,
      reason,
      failedAt,
      ...(stackTrace === undefined ? {} : { stackTrace }),
      ...parkedFields(parked),
    }),
  );
  return {
    ...addRefusals(known, deadLetters),
    deadLetters: traced,
    next: redriveCommandFor(orderId, traced),
  };
}

/** Returns the command that puts an order's dead letters back; one that opens what breaks a contract in an editor first. */
function redriveCommandFor(orderId: string, deadLetters: readonly TracedDeadLetter[]): string {
  const edit = deadLetters.some(({ errorType }) => errorType === 'ContractError') ? ' --edit' : '';
  const parked = deadLetters.every(({ parked }) => parked !== undefined) ? ' --parked' : '';
  return `npm run ops -- dlq redrive${parked} --order ${shellArgument(orderId)}${edit}`;
}

const DEAD_LETTERS: readonly Column[] = [
  { title: 'dead letter of' },
  { title: 'failed', rank: 1 },
  { title: 'error' },
  { title: 'reason', fit: 'wrap' },
  { title: 'message', fit: 'middle', rank: 2, least: 36 },
];

/** Formats an order's dead letters for people, with what to do about them. */
export function deadLettersText(
  orderId: string,
  deadLetters: readonly TracedDeadLetter[],
  layout: Layout = WHOLE,
): string {
  const rows = deadLetters.map(({ consumer, failedAt, errorType, reason, messageId, parked }) => [
    parked === undefined ? consumer : `${consumer}, parked`,
    formatTime(failedAt, layout),
    errorType,
    shorten(reason),
    messageId,
  ]);
  return [
    table(DEAD_LETTERS, rows, layout),
    '',
    `What they say: npm run ops -- dlq show --order ${shellArgument(orderId)}`,
    `Once the cause is repaired: ${redriveCommandFor(orderId, deadLetters)}`,
  ].join('\n');
}
