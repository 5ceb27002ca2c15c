/** What a log line may carry besides its message: ids and counts, never a payload, token or phone number. */
export type LogFields = {
  consumer?: string;
  orderId?: string | undefined;
  messageId?: string;
  eventType?: string | undefined;
  traceId?: string | undefined;
  attempt?: number;
  /** How long the message was in the queue until this try began, all waits and tries before it included. */
  waitedMs?: number;
  tookMs?: number;
  errorType?: string;
  errorMessage?: string;
  retryInSeconds?: number;
  /** The types of the events that this try published. */
  published?: readonly string[];
  downstream?: string;
  CircuitBreakerOpen?: number;
  /** Metrics in CloudWatch's embedded metric format. */
  _aws?: { Timestamp: number; CloudWatchMetrics: readonly object[] };
};

/** How much a line matters. */
export type Level = 'INFO' | 'WARN' | 'ERROR';

/** Takes a line's level, message, fields and time (ISO 8601) and gives it as JSON. */
export const logLine = (level: Level, message: string, fields: LogFields, time = new Date().toISOString()): string =>
  JSON.stringify({ level, time, message, ...fields });

/** Writes lines in one go to standard output, which is where Lambda collects a function's log: an event for each line. */
export function writeLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes one line per call. */
export const log = {
  info: (message: string, fields: LogFields = {}) => writeLines([logLine('INFO', message, fields)]),
  warn: (message: string, fields: LogFields = {}) => writeLines([logLine('WARN', message, fields)]),
  error: (message: string, fields: LogFields = {}) => writeLines([logLine('ERROR', message, fields)]),
};
