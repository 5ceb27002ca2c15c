/** What a log line may carry besides its message: ids and counts, never a payload, token or phone number. */
export type LogFields = {
  consumer?: string;
  orderId?: string | undefined;
  messageId?: string;
  eventType?: string;
  traceparent?: string | undefined;
  attempt?: number;
  errorType?: string;
  errorMessage?: string;
  retryInSeconds?: number;
  downstream?: string;
  CircuitBreakerOpen?: number;
  /** Metrics in CloudWatch's embedded metric format. */
  _aws?: { Timestamp: number; CloudWatchMetrics: readonly object[] };
};

function write(level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: LogFields): void {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })}\n`);
}

/** Writes one JSON line per call to standard output, which is where Lambda collects a function's log. */
export const log = {
  info: (message: string, fields: LogFields = {}) => write('INFO', message, fields),
  warn: (message: string, fields: LogFields = {}) => write('WARN', message, fields),
  error: (message: string, fields: LogFields = {}) => write('ERROR', message, fields),
};
