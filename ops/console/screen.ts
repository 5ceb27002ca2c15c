import { createInterface } from 'node:readline';
import { describeError } from '../errors.ts';

const HOME_AND_CLEAR_EACH_LINE = (text: string) => `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[K\n\x1b[J`;
const CLEAR = '\x1b[2J';
const HINT = "An order's id shows its trace, dlq its dead letters; any other command works too; q ends.";

/** Draws again and again above a line to type in, and gives what was typed, or `undefined` at the end of input or Ctrl-C. */
export async function typedBelow(draw: () => Promise<string>, everyMs: number): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'shop> ' });
  let typed: string | undefined;
  const done = new Promise<void>((resolve) => {
    lines.once('line', (line) => {
      typed = line;
      resolve();
    });
    lines.once('SIGINT', resolve);
    lines.once('close', resolve);
  });
  let over = false;
  const finished = done.then(() => {
    over = true;
  });
  process.stdout.write(CLEAR);
  while (!over) {
    const text = await draw().catch(describeError);
    if (over) break;
    process.stdout.write(HOME_AND_CLEAR_EACH_LINE(`${new Date().toLocaleTimeString()}\n\n${text}\n\n${HINT}`));
    lines.prompt(true);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      finished,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, everyMs);
      }),
    ]);
    clearTimeout(timer);
  }
  lines.close();
  return typed;
}

/** Waits for Enter; gives `false` at the end of input or Ctrl-C. */
export function enter(words: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    lines.question(words, () => {
      resolve(true);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve(false));
  });
}
