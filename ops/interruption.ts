import { InterruptedError } from './errors.ts';
import { outputClosed } from './output.ts';
import { printNotice } from './progress.ts';

/** The signals by which somebody, or the system, ends a command. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// npm forwards a Ctrl-C that the terminal has already sent to the whole process group: two signals, one key press.
const SAME_PRESS_MS = 1_000;

/**
 * Runs work that must not be cut off in the middle. The first Ctrl-C prints the notice and aborts the work's signal; a later
 * one ends the process at once. Throws `InterruptedError` for whatever the work throws after the first.
 */
export async function interruptible<T>(notice: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let firstPress: number | undefined;
  const onSignal = () => {
    if (firstPress === undefined) {
      firstPress = Date.now();
      printNotice(`${notice} Ctrl-C again leaves at once.`);
      controller.abort(new InterruptedError('Interrupted.'));
    } else if (Date.now() - firstPress > SAME_PRESS_MS) process.exit(130);
  };
  for (const name of ENDING_SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    // After Ctrl-C any failure is a consequence of it.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
  }
}

/** Waits until somebody ends what serves for ever, or nobody reads what it prints any more. */
export const untilEnded = (): Promise<void> =>
  new Promise((resolve) => {
    for (const name of ENDING_SIGNALS) process.once(name, () => resolve());
    outputClosed.addEventListener('abort', () => resolve());
  });
