import * as v from 'valibot';

const loggedAttempt = v.object({
  time: v.pipe(v.string(), v.isoTimestamp()),
  message: v.picklist(['done', 'will be tried again', 'dead-lettered']),
  consumer: v.string(),
  orderId: v.string(),
  messageId: v.string(),
  eventType: v.optional(v.string()),
  traceId: v.optional(v.string()),
  attempt: v.number(),
  waitedMs: v.optional(v.number(), 0),
  tookMs: v.optional(v.number(), 0),
  errorType: v.optional(v.string()),
  errorMessage: v.optional(v.string()),
  retryInSeconds: v.optional(v.number()),
  published: v.optional(v.array(v.string())),
});

type LoggedAttempt = v.InferOutput<typeof loggedAttempt>;

/** One try of one message about an order, as the consumer logged it when it ended. */
export type TracedAttempt = {
  /** When it ended. */
  time: string;
  consumer: string;
  eventType?: string | undefined;
  messageId: string;
  attempt: number;
  /** How long the message was in the queue before this try: since it was sent, or since the try before it ended. */
  waitedMs: number;
  tookMs: number;
  outcome: LoggedAttempt['message'];
  errorType?: string | undefined;
  errorMessage?: string | undefined;
  retryInSeconds?: number | undefined;
  traceId?: string | undefined;
  /** The types of the events it published. */
  published?: string[] | undefined;
};

/** Takes log lines and an order's id and gives the order's tries in the sequence of time, and the trace they belong to. */
export function parseAttempts(
  lines: readonly string[],
  orderId: string,
): { attempts: TracedAttempt[]; traceId?: string } {
  const tries = new Map<string, LoggedAttempt>();
  for (const line of lines) {
    const one = parsed(line);
    // A line may name the order only in passing, as part of another's id; and pages may overlap.
    if (one?.orderId === orderId) tries.set(keyOf(one, one.attempt), one);
  }
  const inSequence = [...tries.values()].sort((one, other) => endOf(one) - endOf(other));
  const attempts = inSequence.map((one) => attemptOf(one, tries.get(keyOf(one, one.attempt - 1))));
  const traceId = inSequence.find((one) => one.traceId !== undefined)?.traceId;
  return { attempts, ...(traceId === undefined ? {} : { traceId }) };
}

const keyOf = ({ consumer, messageId }: LoggedAttempt, attempt: number) => `${consumer} ${messageId} ${attempt}`;
const endOf = ({ time }: { time: string }) => Date.parse(time);

function attemptOf(one: LoggedAttempt, before: LoggedAttempt | undefined): TracedAttempt {
  const { time, consumer, eventType, messageId, attempt, waitedMs, tookMs, message, ...rest } = one;
  const { orderId: _, ...why } = rest;
  const sinceBefore = before === undefined ? waitedMs : endOf(one) - tookMs - endOf(before);
  const waited = Math.max(0, sinceBefore);
  return { time, consumer, eventType, messageId, attempt, waitedMs: waited, tookMs, outcome: message, ...why };
}

/** The try that a line tells of; `undefined` for every other line. */
function parsed(line: string): LoggedAttempt | undefined {
  try {
    const { success, output } = v.safeParse(loggedAttempt, JSON.parse(line));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}
