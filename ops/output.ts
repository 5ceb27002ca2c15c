import { InterruptedError, toUserMessage } from './errors.ts';
import { type Layout, layoutFor } from './layout.ts';
import { layOut, wrapText } from './wrap.ts';

/** Prints the command's one result on standard output: the document as JSON for `--json`, else the text, laid out for the terminal. */
export function print(json: boolean | undefined, document: unknown, text: (layout: Layout) => string): void {
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : layOut(text)}\n`);
}

/** Prints what other programs read, such as ids or a diagram, as it is. */
export const printWhole = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const NOTHING_TOUCHED = 'Nothing was touched.';

/** Prints the result of a command whose question was answered with no; it ends with 0. */
export const printNothingTouched = (json: boolean | undefined): void =>
  print(json, { touched: false }, () => NOTHING_TOUCHED);

const closedOutput = new AbortController();

/** Aborted once nobody reads standard output any more: what would show something for ever ends then. */
export const outputClosed: AbortSignal = closedOutput.signal;

/**
 * Keeps a closed pipe (`ops … 2>&1 | head -1`) from ending the process: the command goes on without a word, and its exit code says how it
 * went. Output that is lost otherwise, as on a full disk, makes the exit code 1.
 */
export function outliveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (stream === process.stdout) closedOutput.abort();
      if (error.code !== 'EPIPE') process.exitCode ||= 1;
    });
  }
}

/** Prints what ended the command on standard error (with its stack for `SHOP_DEBUG=1`) and sets the exit code: 130 after Ctrl-C, else 1. */
export function reportFatalError(error: unknown): void {
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
  if (process.env.SHOP_DEBUG) console.error(error);
  else if (!(error instanceof InterruptedError))
    console.error(wrapText(toUserMessage(error), layoutFor(process.stderr)));
}
