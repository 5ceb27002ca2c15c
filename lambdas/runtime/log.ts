/** The fields of a log line besides its message: ids and counts, never a payload, token or phone number. */
export type LogFields = {
  consumer?: string;
  orderId?: string | undefined;
  messageId?: string;
  eventType?: string | undefined;
  traceId?: string | undefined;
  attempt?: number;
  /** Milliseconds from sending the message until this attempt, earlier attempts and delays included. */
  waitedMs?: number;
  tookMs?: number;
  errorType?: string;
  errorMessage?: string;
  retryInSeconds?: number;
  /** The types of the events that this attempt published. */
  published?: readonly string[];
  downstream?: string;
  CircuitBreakerOpen?: number;
  /** Metrics in CloudWatch's embedded metric format. */
  _aws?: { Timestamp: number; CloudWatchMetrics: readonly object[] };
};

/** The severity of a line. */
export type Level = 'INFO' | 'WARN' | 'ERROR';

/** Formats a line as JSON; `time` in ISO 8601. */
export const logLine = (level: Level, message: string, fields: LogFields, time = new Date().toISOString()): string =>
  JSON.stringify({ level, time, message, ...fields });

/** Writes lines in one call to standard output, from which Lambda collects a log event per line. */
export function writeLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Writes one line per call. */
export const log = {
  info: (message: string, fields: LogFields = {}) => writeLines([logLine('INFO', message, fields)]),
  warn: (message: string, fields: LogFields = {}) => writeLines([logLine('WARN', message, fields)]),
  error: (message: string, fields: LogFields = {}) => writeLines([logLine('ERROR', message, fields)]),
};
