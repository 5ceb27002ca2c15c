import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { type ShopOptions, shopCommand } from '../command.ts';
import { connectToShop } from '../stack.ts';
import { drawing } from '../status/drawing.ts';
import { enter, typedBelow } from './screen.ts';
import { parseConsoleLine } from './typed.ts';

const EVERY_MS = 2_000;

/** `ops console` */
export function consoleCommand(): Command {
  return shopCommand(
    'console',
    'Show the status live, and run whatever is typed below it: an order’s id, dlq, or any other command.',
    'console',
  ).action(async ({ json, aws }: ShopOptions, self: Command) => {
    if (json || !process.stdin.isTTY || !process.stdout.isTTY) {
      throw new Error('The console needs a terminal and a person; for scripts there is npm run ops -- status --json');
    }
    const draw = drawing(await connectToShop({ aws }));
    const commands = new Set(self.parent?.commands.map((command) => command.name()));
    for (;;) {
      const wish = parseConsoleLine((await typedBelow(draw, EVERY_MS)) ?? 'q', commands);
      if (wish === 'quit') return;
      if (wish === 'status') continue;
      await run([...wish.run, ...(aws ? ['--aws'] : [])]);
      if (!(await enter('\nEnter goes back to the status. '))) return;
    }
  });
}

/** Runs a command as from the shell, in this terminal; Ctrl-C ends the command, not the console. */
async function run(words: readonly string[]): Promise<void> {
  const stay = () => {};
  process.on('SIGINT', stay);
  try {
    const main = process.argv[1] ?? '';
    await once(spawn(process.execPath, [main, ...words], { stdio: 'inherit' }), 'close');
  } finally {
    process.off('SIGINT', stay);
  }
}
