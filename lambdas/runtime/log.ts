import { chunkBySize } from './chunk.ts';

/** The fields of a log line besides its message: ids and counts, never a payload, token or phone number. */
export type LogFields = {
  consumer?: string;
  orderId?: string | undefined;
  messageId?: string;
  eventType?: string | undefined;
  /** The nonce of a probe of `ops verify`. */
  probe?: string;
  traceId?: string | undefined;
  attempt?: number;
  /** Milliseconds from sending the message until this attempt, earlier attempts and delays included. */
  waitedMs?: number;
  tookMs?: number;
  errorType?: string;
  errorMessage?: string;
  /** The frames of an error's stack, innermost first. */
  stackTrace?: readonly string[] | undefined;
  retryInSeconds?: number;
  /** The step of the order that a line is about, and the first one that has not come. */
  sequence?: number;
  missingSequence?: number;
  /** The types of the events that this attempt published. */
  published?: readonly string[];
  /** Who posted a request to the intake, what it was answered, and the event that it said. */
  sender?: string | undefined;
  status?: number;
  eventId?: string | undefined;
  downstream?: string;
  /** Whom an event is posted to. */
  endpoint?: string | undefined;
  CircuitBreakerOpen?: number;
  StartFailed?: number;
  WebhookEndpointDisabled?: number;
  /** Metrics in CloudWatch's embedded metric format. */
  _aws?: { Timestamp: number; CloudWatchMetrics: readonly object[] };
};

/** The severity of a line. */
export type Level = 'INFO' | 'WARN' | 'ERROR';

// Lambda splits what a function writes at once into pieces of 64 KiB: of a line in two pieces CloudWatch reads neither fields nor metrics.
const MAX_WRITE_BYTES = 65_536;
// In JSON a character takes up to six bytes.
const MAX_REASON_CHARACTERS = 1000;

/** Formats a line as JSON; `time` in ISO 8601. A longer `errorMessage` is cut after 1,000 characters. */
export function logLine(level: Level, message: string, fields: LogFields, time = new Date().toISOString()): string {
  const line = { level, time, message, ...fields };
  if (line.errorMessage !== undefined) line.errorMessage = line.errorMessage.slice(0, MAX_REASON_CHARACTERS);
  return JSON.stringify(line);
}

/** Writes lines to standard output, from which Lambda collects a log event per line, in as few calls as keep every line whole. */
export function writeLines(lines: readonly string[]): void {
  const writes = chunkBySize(lines, {
    maxItems: lines.length,
    maxBytes: MAX_WRITE_BYTES,
    bytesOf: (line) => Buffer.byteLength(line) + 1,
  });
  for (const whole of writes) process.stdout.write(`${whole.join('\n')}\n`);
}

/** Writes one line per call. */
export const log = {
  info: (message: string, fields: LogFields = {}) => writeLines([logLine('INFO', message, fields)]),
  warn: (message: string, fields: LogFields = {}) => writeLines([logLine('WARN', message, fields)]),
  error: (message: string, fields: LogFields = {}) => writeLines([logLine('ERROR', message, fields)]),
};
