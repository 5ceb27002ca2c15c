import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { maskPhoneNumbers } from '../../lambdas/runtime/failure.ts';
import { framesOf } from '../../lambdas/runtime/stack-frames.ts';
import { parseFunctionFailure } from '../function-failures.ts';
import type { LogEvent } from './function-log.ts';

/** What a person reads of a log: a try at a message (`message` is its outcome), another line of the function, or a failure that Lambda tells of. */
export type LogEntry = OwnLine & { function: string };

const ownLine = v.looseObject({
  time: v.pipe(v.string(), v.isoTimestamp()),
  message: v.string(),
  level: v.optional(v.picklist(['INFO', 'WARN', 'ERROR'])),
  orderId: v.optional(v.string()),
  receiptId: v.optional(v.string()),
  messageId: v.optional(v.string()),
  eventType: v.optional(v.string()),
  attempt: v.optional(v.number()),
  waitedMs: v.optional(v.number()),
  tookMs: v.optional(v.number()),
  retryInSeconds: v.optional(v.number()),
  errorType: v.optional(v.string()),
  errorMessage: v.optional(v.string()),
  stackTrace: v.optional(v.array(v.string())),
  published: v.optional(v.array(v.string())),
  sequence: v.optional(v.number()),
  missingSequence: v.optional(v.number()),
});

type OwnLine = v.InferOutput<typeof ownLine>;

// What Lambda writes around each invocation, and Node's warnings about the engine that runs it.
const NOISE =
  /^(?:(?:START|END|REPORT) RequestId|(?:INIT|RESTORE)_(?:START|REPORT)|XRAY TraceId|EXTENSION\b|LOGS\b|TELEMETRY\b|\(node:\d+\) |\(Use `node --trace)/;
const FAILED_REPORT =
  /^(?<report>REPORT|INIT_REPORT)\b.*?\tStatus: (?<status>error|timeout)(?:\tError Type: (?<type>[\w.]+))?/;
// What Lambda's runtime for Node puts before a line of `console`.
const CONSOLE_PREFIX = /^[\dT:.-]+Z\t[\w-]+\t(?<level>INFO|WARN|ERROR)\t/;
const stack = v.object({ stack: v.optional(v.array(v.string())), trace: v.optional(v.array(v.string())) });

/** Parses what a function wrote at once. Metrics and what Lambda writes about each invocation are left out. */
export function parseEntries({ functionName, time, text }: LogEvent): LogEntry[] {
  return splitLines(text).flatMap((line) => {
    const json = tryParse(line);
    if (isMetrics(json)) return [];
    const own = v.safeParse(ownLine, json);
    const entry = own.success ? own.output : parseOther(line, time);
    if (entry === undefined) return [];
    const { _aws: _, ...known } = entry;
    return [{ ...known, function: functionName }];
  });
}

const metrics = v.object({ _aws: v.unknown(), message: v.optional(v.literal('batch')) });

/** Tells whether a line has nothing but the metrics of a batch. */
const isMetrics = (json: unknown): boolean => v.is(metrics, json);

/** Splits a text into lines; what is indented belongs to the line before it, as the frames of a stack do. */
const splitLines = (text: string): string[] => text.split(/\r?\n(?!\s)/).filter((line) => line.trim() !== '');

/** Parses a line that is none of `lambdas/runtime/log.ts`; `at` in milliseconds since 1970. */
function parseOther(line: string, at: number): OwnLine | undefined {
  const time = new Date(at).toISOString();
  const failure = parseFunctionFailure({ time: at, text: line });
  if (failure !== undefined) {
    const { errorType, errorMessage, cannotStart } = failure;
    const message = cannotStart ? 'the function cannot start' : 'the invocation failed';
    return {
      time,
      level: 'ERROR',
      message,
      errorType,
      errorMessage: maskPhoneNumbers(errorMessage),
      ...stackOf(line),
    };
  }
  const { report, status, type } = FAILED_REPORT.exec(line)?.groups ?? {};
  if (report !== undefined) {
    const phase = report === 'REPORT' ? 'the invocation' : 'the start';
    return { time, level: 'ERROR', message: `${phase} ended with ${[status, type].filter(Boolean).join(': ')}` };
  }
  if (NOISE.test(line)) return undefined;
  return { time, message: maskPhoneNumbers(line.replace(CONSOLE_PREFIX, '').trimEnd()) };
}

/** Reads the frames of the stack in a line of Lambda's runtime, without what may be a value of a message. */
function stackOf(line: string): { stackTrace?: string[] } {
  const { success, output } = v.safeParse(stack, tryParse(line.slice(line.indexOf('{'))));
  const text = success ? (output.stack ?? output.trace ?? []).join('\n') : '';
  const stackTrace = framesOf(Object.assign(new Error(''), { stack: text }));
  return stackTrace.length === 0 ? {} : { stackTrace };
}

/** Tells whether a line is about an order: by its field, or in words where it has no fields. */
export const concerns =
  (orderId: string) =>
  ({ orderId: own, message, level }: LogEntry): boolean =>
    own === orderId || (own === undefined && level === undefined && message.includes(orderId));
