import { note } from './progress.ts';

/** The person pressed Ctrl-C, or the system asked the command to end. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

// npm passes a Ctrl-C on that the terminal has sent to everybody already: two at once are one.
const SAME_PRESS_MS = 1_000;

/**
 * Runs work that must not be cut off in the middle: the first Ctrl-C aborts its signal and says so, a later one ends
 * the process at once.
 */
export async function interruptible<T>(sentence: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = () => {
    if (first === 0) {
      first = Date.now();
      note(`${sentence} Ctrl-C again leaves at once.`);
      controller.abort(new Interrupted('Interrupted.'));
    } else if (Date.now() - first > SAME_PRESS_MS) process.exit(130);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    // Whatever broke after Ctrl-C broke because of it.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    for (const name of names) process.off(name, onSignal);
  }
}
