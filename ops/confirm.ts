import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { layoutFor } from './layout.ts';
import type { DeployedShop } from './stack.ts';
import { describeShop } from './where.ts';
import { wrapText } from './wrap.ts';

/** The streams to ask on; of the process, or a test's. */
export type Terminal = {
  input: NodeJS.ReadStream;
  output: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
};

/** Asks on the terminal of the process; standard output is left to the result. */
const processTerminal = (): Terminal => ({ input: process.stdin, output: process.stderr });

/** Asks a yes-or-no question before something that cannot be undone; throws a sentence if there is no terminal to ask. */
export async function confirm(question: string, { input, output }: Terminal = processTerminal()): Promise<boolean> {
  if (!input.isTTY) throw new Error(`${question} There is no terminal to ask: say so with --yes.`);
  const lines = createInterface({ input, output });
  try {
    // Whoever closes the input has not agreed.
    const asked = wrapText(`${question} [y/N]`, layoutFor(output));
    const answer = await Promise.race([lines.question(`${asked} `), once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

export type ConfirmOptions = {
  /** `--yes`, the answer of whoever is not asked. */
  yes?: boolean | undefined;
  /** Asks on an engine too. */
  always?: boolean;
};

/**
 * Asks before a change: on AWS always, after account, region, stage and stack, which are named for `--yes` too; on an engine only where `always`.
 * Throws a sentence where there is neither `--yes` nor a terminal.
 */
export async function confirmChange(
  shop: DeployedShop,
  question: string,
  { yes = false, always = false }: ConfirmOptions,
  terminal: Terminal = processTerminal(),
): Promise<boolean> {
  if (shop.local) return yes || !always || confirm(question, terminal);
  const asked = `${await describeShop(shop)}: ${question}`;
  if (!yes) return confirm(asked, terminal);
  terminal.output.write(`${wrapText(`${asked} --yes.`, layoutFor(terminal.output))}\n`);
  return true;
}
