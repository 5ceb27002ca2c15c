import * as v from 'valibot';
import { tryParse } from '../contracts/parse.ts';
import { CANNOT_START } from '../lambdas/runtime/lambda-handler.ts';
import { sourceLines } from '../lambdas/runtime/stack-frames.ts';
import type { LogLine } from './orders/log-lines.ts';

/** Why a function failed beside its handling of a message: it cannot start, or it died. `time` in ISO 8601. */
export type FunctionFailure = {
  time: string;
  cannotStart: boolean;
  errorType: string;
  errorMessage: string;
  /** Where in this repository's sources it failed, innermost first. */
  stackTrace?: string[];
};

/** A word of every line that tells of an error of a function, of an attempt or of Lambda's runtime. */
export const ERROR_PHRASE = 'errorType';

/** What Lambda itself writes where a function was ended, which no line with a type tells. */
export const ENDED_PHRASES = ['Task timed out', 'Runtime exited'] as const;

const frames = v.optional(v.array(v.string()), []);
const described = v.object({
  errorType: v.optional(v.string(), 'Error'),
  errorMessage: v.string(),
  // Of our own lines, and of those of Lambda's runtime.
  stackTrace: frames,
  stack: frames,
});
const startFailure = v.object({
  message: v.literal(CANNOT_START),
  time: v.pipe(v.string(), v.isoTimestamp()),
  ...described.entries,
});
// What Lambda's runtime for Node writes: the request is undefined while the module is loaded.
const RUNTIME_LINE = /\t(?<request>[\w-]+)\tERROR\t[A-Z][\w ]+\t(?<error>\{.*)/;
const ENDED = /(?<timeout>Task timed out after [\d.]+ s\w*)|(?<exit>Runtime exited[^\n]*)/;

/** Parses a line that tells of a function's failure; returns `undefined` for every other line. */
export function parseFunctionFailure({ time, text }: LogLine): FunctionFailure | undefined {
  const own = v.safeParse(startFailure, tryParse(text));
  if (own.success) {
    return { time: own.output.time, cannotStart: true, ...errorOf(own.output) };
  }
  const at = new Date(time).toISOString();
  const runtime = RUNTIME_LINE.exec(text)?.groups;
  const error = v.safeParse(described, tryParse(runtime?.error ?? ''));
  if (error.success) return { time: at, cannotStart: runtime?.request === 'undefined', ...errorOf(error.output) };
  const ended = ENDED.exec(text)?.groups;
  if (ended === undefined) return undefined;
  const { timeout, exit = '' } = ended;
  const [errorType, errorMessage] = timeout ? ['Sandbox.Timedout', timeout] : ['Runtime.ExitError', exit];
  return { time: at, cannotStart: false, errorType, errorMessage };
}

function errorOf({ errorType, errorMessage, stackTrace, stack }: v.InferOutput<typeof described>) {
  const lines = sourceLines([...stackTrace, ...stack]);
  return { errorType, errorMessage, ...(lines.length === 0 ? {} : { stackTrace: lines }) };
}

/** Returns the newest failure of a function; one that says why it cannot start comes before what follows from it. */
export function newestFailure(lines: readonly LogLine[]): FunctionFailure | undefined {
  const failures = lines.flatMap((line) => parseFunctionFailure(line) ?? []);
  return failures.findLast(({ cannotStart }) => cannotStart) ?? failures.at(-1);
}

/** Formats a failure's cause: `TypeError: x is not a function`; of a plain error the message only. */
export const failureCause = ({
  errorType,
  errorMessage,
}: Pick<FunctionFailure, 'errorType' | 'errorMessage'>): string =>
  errorType === 'Error' ? errorMessage : `${errorType}: ${errorMessage}`;

/** The same as a part of a sentence: without a full stop. */
export const causeClause = (failure: Pick<FunctionFailure, 'errorType' | 'errorMessage'>): string =>
  failureCause(failure).replace(/[.\s]+$/, '');
