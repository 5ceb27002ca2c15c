import { InterruptedError, toUserMessage } from './errors.ts';

/** Prints the command's one result on standard output: the document as JSON for `--json`, else the text. */
export function print(json: boolean | undefined, document: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : text()}\n`);
}

export const NOTHING_TOUCHED = 'Nothing was touched.';

/** Prints the result of a command whose question was answered with no; it ends with 0. */
export const printNothingTouched = (json: boolean | undefined): void =>
  print(json, { touched: false }, () => NOTHING_TOUCHED);

/** Prints what ended the command on standard error (with its stack for `DEBUG=1`) and sets the exit code: 130 after Ctrl-C, else 1. */
export function reportFatalError(error: unknown): void {
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
  if (process.env.DEBUG) console.error(error);
  else if (!(error instanceof InterruptedError)) console.error(toUserMessage(error));
}
