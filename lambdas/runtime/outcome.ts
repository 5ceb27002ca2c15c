import type { SQSRecord } from 'aws-lambda';
import { traceIdOf } from '../../contracts/traceparent.ts';
import type { HandlerResult, SubjectEvent } from './delivery.ts';
import { describeForLog } from './failure.ts';
import { type Level, logLine } from './log.ts';
import { extractLogFields } from './log-fields.ts';

/** One attempt to handle one message. Times in milliseconds since 1970. */
export type Attempt = HandlerResult & {
  record: SQSRecord;
  /** Absent where the message is invalid, or no consumer's. */
  event?: SubjectEvent;
  /** Whom the event is posted to, where it is. */
  endpoint?: string;
  startedAt: number;
  endedAt: number;
};

/** The outcome of an attempt. A retry without `retryInSeconds` comes after the queue's visibility timeout. */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'will be tried again'; errorType: string; errorMessage: string; retryInSeconds?: number }
  | { kind: 'dead-lettered'; errorType: string; errorMessage: string };

const LEVELS: Record<Outcome['kind'], Level> = {
  done: 'INFO',
  'will be tried again': 'WARN',
  'dead-lettered': 'ERROR',
};

/** Formats a log line for each attempt of a batch. */
export function outcomeLogLines(consumer: string, attempts: readonly (Attempt & { outcome: Outcome })[]): string[] {
  // The messages of a round end together, and formatting a time costs as much as half a line.
  const times = new Map<number, string>();
  const timeOf = (moment: number) => {
    const known = times.get(moment) ?? new Date(moment).toISOString();
    times.set(moment, known);
    return known;
  };
  return attempts.map(({ record, event, endpoint, error, published, startedAt, endedAt, outcome }) => {
    const { kind, ...why } = outcome;
    const known = event
      ? { ...event.data, eventType: event.type, traceparent: event.traceparent }
      : extractLogFields(record.body);
    const { orderId, receiptId, eventType, traceparent } = known;
    const fields = {
      consumer,
      orderId,
      receiptId,
      messageId: record.messageId,
      eventType,
      endpoint,
      // Without an order there is no trace but the publisher's own.
      traceId: orderId === undefined ? undefined : traceIdOf(traceparent, orderId),
      attempt: Number(record.attributes.ApproximateReceiveCount),
      waitedMs: Math.max(0, startedAt - Number(record.attributes.SentTimestamp)),
      tookMs: endedAt - startedAt,
      ...why,
      ...(error === undefined ? {} : { stackTrace: describeForLog(error.reason).stackTrace }),
      ...(published.length === 0 ? {} : { published: published.map(({ type }) => type) }),
    };
    return logLine(LEVELS[kind], kind, fields, timeOf(endedAt));
  });
}
