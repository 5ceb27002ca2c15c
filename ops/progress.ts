import { cutEnd } from './display-width.ts';
import { layoutFor } from './layout.ts';
import { type OnProgress, reportStep } from './steps.ts';
import { wrapText } from './wrap.ts';

const tty = process.stderr.isTTY === true;
const clearLine = tty ? '\r\x1b[K' : '';
const REFRESH_MS = 200;

/** Prints a line on standard error, which leaves standard output to the result. */
export function printNotice(line: string): void {
  process.stderr.write(`${clearLine}${wrapText(line, layoutFor(process.stderr))}\n`);
}

/** Overwrites the terminal's last line; prints nothing where standard error is not a terminal. */
export function updateStatusLine(line: string): void {
  if (tty) process.stderr.write(`${clearLine}${cutEnd(line, (process.stderr.columns || 80) - 1)}`);
}

/** Creates a listener that prints each step with the time it took; on a terminal the time of the current step runs along. */
export function progressPrinter(): OnProgress {
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const elapsed = () => `${((Date.now() - startedAt) / 1_000).toFixed(1)} s`;
  return (event) => {
    if (event.kind === 'notice') return printNotice(event.text);
    const { kind, step } = event;
    clearInterval(timer);
    if (kind === 'started') {
      startedAt = Date.now();
      const update = () => updateStatusLine(`… ${step} (${elapsed()})`);
      if (tty) {
        update();
        timer = setInterval(update, REFRESH_MS);
      }
    } else printNotice(`${kind === 'succeeded' ? '✓' : '✗'} ${step} (${elapsed()})`);
  };
}

/** Runs a step and prints its title with the time it took. */
export const runStep = <T>(title: string, work: () => Promise<T>): Promise<T> =>
  reportStep(title, progressPrinter(), work);
