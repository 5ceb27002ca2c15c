import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { type ShopOptions, shopCommand } from '../command.ts';
import { splitWords } from '../shell-words.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { liveStatusCollector } from '../status/collect.ts';
import { liveText } from '../status/live.ts';
import { CLEAR_SCREEN, overwritingScreen } from '../status/report.ts';

const REFRESH_MS = 2_000;
const HINT = "An order's id shows its trace, dlq its dead letters; any other command works too; q ends.";

/** Builds `ops console`. */
export function consoleCommand(): Command {
  return shopCommand(
    'console',
    'Show the status live, and run whatever is typed below it: an order’s id, dlq, or any other command.',
    'console',
  ).action(async ({ json, aws }: ShopOptions, self: Command) => {
    if (json || !process.stdin.isTTY || !process.stdout.isTTY) {
      throw new Error('The console needs a terminal and a person; for scripts there is npm run ops -- status --json');
    }
    const commands = new Set(self.parent?.commands.map((command) => command.name()));
    await runConsole(await connectToShop({ aws }), commands);
  });
}

async function runConsole(shop: DeployedShop, commands: ReadonlySet<string>): Promise<void> {
  const collectStatus = liveStatusCollector(shop);
  for (;;) {
    const line = (await readLineBelow(() => liveText(shop, collectStatus, HINT))) ?? 'q';
    const input = parseConsoleLine(line, commands);
    if (input === 'quit') return;
    if (input === 'status') continue;
    await runCommand(shop, input.run);
    if (!(await waitForEnter('\nEnter goes back to the status. '))) return;
  }
}

/** The meaning of a line typed into the console: a command with its arguments, the status, or the end. */
export type ConsoleInput = { run: string[] } | 'status' | 'quit';

/** Parses a typed line; a first word that is no command is taken for an order's id, whose trace is shown. */
export function parseConsoleLine(line: string, commands: ReadonlySet<string>): ConsoleInput {
  const [first, ...words] = splitWords(line);
  if (first === undefined || first === '' || first === 'status') return 'status';
  if (first === 'q' || first === 'quit' || first === 'exit') return 'quit';
  if (commands.has(first)) return { run: first === 'dlq' && words.length === 0 ? ['dlq', 'list'] : [first, ...words] };
  return { run: ['trace', first, ...words] };
}

/** Renders a text again and again above a prompt until a line is typed; `undefined` at the end of input or Ctrl-C. */
async function readLineBelow(render: () => Promise<string>): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'shop> ' });
  let typed: string | undefined;
  let over = false;
  const finished = new Promise<void>((resolve) => {
    const finish = (line?: string) => {
      typed ??= line;
      over = true;
      resolve();
    };
    lines.once('line', finish);
    lines.once('SIGINT', () => finish());
    lines.once('close', () => finish());
  });
  process.stdout.write(CLEAR_SCREEN);
  while (!over) {
    const text = await render();
    if (over) break;
    process.stdout.write(overwritingScreen(`${text}\n`));
    lines.prompt(true);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      finished,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, REFRESH_MS);
      }),
    ]);
    clearTimeout(timer);
  }
  lines.close();
  return typed;
}

/** Waits for Enter; `false` at the end of input or Ctrl-C. */
function waitForEnter(prompt: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    lines.question(prompt, () => {
      resolve(true);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve(false));
  });
}

/** Runs a command as from the shell, in this terminal and on this shop; Ctrl-C ends the command, not the console. */
async function runCommand({ local }: DeployedShop, words: readonly string[]): Promise<void> {
  const ignoreInterrupt = () => {};
  process.on('SIGINT', ignoreInterrupt);
  try {
    const main = process.argv[1] ?? '';
    const env = local ? process.env : { ...process.env, SHOP_TARGET: 'aws' };
    await once(spawn(process.execPath, [main, ...words], { stdio: 'inherit', env }), 'close');
  } finally {
    process.off('SIGINT', ignoreInterrupt);
  }
}
