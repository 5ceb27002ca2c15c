/** A position in this repository's sources, as source maps name it: `lambdas/stock/plan.ts:41:17`; a path has no long number. */
const SOURCE_LINE = /(?:lambdas|contracts)(?:\/[A-Za-z](?:[A-Za-z.-]|\d(?!\d{3}))*)+\.ts:\d{1,6}:\d{1,6}$/;
// As V8 writes them; the lines of an error's message may look the same.
const FRAME = /^\s+at (?:(?<name>.{1,200}?) \()?(?:async )?(?<place>[^\s()]{1,400}:\d{1,7}:\d{1,7})\)?$/;
// Of others the file is enough: `index.js:1:234567` is a position in the bundle.
const FOREIGN_PLACE = /(?:node:[a-z/_]+|(?<=\/)[A-Za-z.-]+\.[cm]?[jt]s):\d+:\d+$/;
// What code calls its functions. A function may also be named by a key that came with a message.
const FUNCTION_NAME = /^(?:async |new )?[A-Za-z$]{1,60}\d?(?:\.[A-Za-z$<>]{1,60}\d?)*$/;

const MAX_FRAMES = 10;
const MAX_FRAME_CHARACTERS = 200;
/** So many frames are kept whosever they are, beside those of this repository. */
const INNERMOST = 3;

/** How many frames Node keeps of an error: calls of the SDK alone are more than ten deep. */
export const CAPTURED_FRAMES = 30;

/** Returns up to ten frames of an error's stack, innermost first, without its message and without what may be a value of one. */
export function framesOf(error: Error): string[] {
  const { stack } = error;
  if (typeof stack !== 'string') return [];
  const lines = stackBehindMessage(stack, error.message).split('\n');
  const frames = lines.flatMap((line) => toFrame(line) ?? []);
  return frames
    .filter((frame, index) => index < INNERMOST || sourceLineIn(frame) !== undefined)
    .slice(0, MAX_FRAMES)
    .map((frame) => frame.slice(0, MAX_FRAME_CHARACTERS));
}

/** Returns the positions in this repository's sources among frames, innermost first: `lambdas/stock/plan.ts:41:17`, and nothing else of them. */
export const sourceLines = (frames: readonly string[]): string[] =>
  frames.flatMap((frame) => sourceLineIn(frame) ?? []);

/** The message stands before the frames, and may have lines like theirs. */
function stackBehindMessage(stack: string, message: string): string {
  const start = stack.indexOf(message);
  return start === -1 ? stack : stack.slice(start + message.length);
}

function toFrame(line: string): string | undefined {
  const { name, place } = FRAME.exec(line)?.groups ?? {};
  if (place === undefined) return undefined;
  const shown = sourceLineIn(place) ?? FOREIGN_PLACE.exec(place)?.[0];
  if (shown === undefined) return undefined;
  return name !== undefined && FUNCTION_NAME.test(name) ? `at ${name} (${shown})` : `at ${shown}`;
}

function sourceLineIn(frame: string): string | undefined {
  if (frame.includes('node_modules')) return undefined;
  return SOURCE_LINE.exec(frame.endsWith(')') ? frame.slice(0, -1) : frame)?.[0];
}
