import { setTimeout as pause } from 'node:timers/promises';
import { describeError } from '../errors.ts';

const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
const CLEAR = '\x1b[2J';

/** Shows what `draw` gives again and again, in the same place on a terminal, until Ctrl-C; a failure is shown and tried again. */
export async function watch(draw: () => Promise<string>, seconds: number): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end);
  const { isTTY } = process.stdout;
  if (isTTY) process.stdout.write(CLEAR);
  while (!stop.signal.aborted) {
    const text = `${new Date().toLocaleTimeString()}, every ${seconds} s; Ctrl-C ends it\n\n${await draw().catch(describeError)}`;
    const screen = text.replaceAll('\n', `${REST_OF_LINE}\n`);
    process.stdout.write(isTTY ? `${HOME}${screen}${REST_OF_LINE}\n${REST_OF_SCREEN}` : `${text}\n\n`);
    await pause(seconds * 1_000, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}
