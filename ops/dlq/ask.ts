import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** Asks on the terminal before something cannot be undone; throws a sentence where there is no terminal to ask. */
export async function agreed(question: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error(`${question} There is no terminal to ask: say so with --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Whoever closes the input has not agreed.
    const answer = await Promise.race([lines.question(`${question} [y/N] `), once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
