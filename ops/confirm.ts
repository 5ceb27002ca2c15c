import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** The streams to ask on; of the process, or a test's. */
export type Terminal = { input: NodeJS.ReadStream; output: NodeJS.WritableStream };

/** Asks a yes-or-no question before something that cannot be undone; throws a sentence if there is no terminal to ask. */
export async function confirm(question: string, { input, output }: Terminal): Promise<boolean> {
  if (!input.isTTY) throw new Error(`${question} There is no terminal to ask: say so with --yes.`);
  const lines = createInterface({ input, output });
  try {
    // Whoever closes the input has not agreed.
    const answer = await Promise.race([lines.question(`${question} [y/N] `), once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** Asks on the terminal of the process; standard output is left to the result. */
export const askOnTerminal = (question: string): Promise<boolean> =>
  confirm(question, { input: process.stdin, output: process.stderr });
