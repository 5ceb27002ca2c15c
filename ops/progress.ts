const tty = process.stderr.isTTY === true;
const clear = tty ? '\r\x1b[K' : '';
const seconds = (since: number) => `${((Date.now() - since) / 1_000).toFixed(1)} s`;

/** Says something on standard error, which leaves standard output to the result. */
export function printNotice(line: string): void {
  process.stderr.write(`${clear}${line}\n`);
}

/** Says how things stand: on a terminal in one line that is written anew, elsewhere not at all. */
export function updateStatusLine(line: string): void {
  if (tty) process.stderr.write(`${clear}${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

/** Runs a piece of work under a title: one line with the time it took; on a terminal the time runs along. */
export async function runStep<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const tick = () => process.stderr.write(`${clear}… ${title} (${seconds(started)})`);
  const timer = tty ? setInterval(tick, 200) : undefined;
  if (tty) tick();
  try {
    const result = await work();
    printNotice(`✓ ${title} (${seconds(started)})`);
    return result;
  } catch (error) {
    printNotice(`✗ ${title} (${seconds(started)})`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
