import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { collectStatus } from './collect.ts';
import { drawing } from './drawing.ts';
import { document, report } from './report.ts';
import { watch } from './watch.ts';

type Options = ShopOptions & { watch?: number | true; check?: boolean };

const WATCH_SECONDS = 2;

/** `ops status` */
export function statusCommand(): Command {
  return shopCommand(
    'status',
    'Show how every consumer is doing and where the orders are; the last line says what is wrong, and what to run next.',
    'status',
    'status --watch',
    'status --check --json',
  )
    .option('--watch [seconds]', `show it again every ${WATCH_SECONDS} seconds, or as told`, wholeNumber(1, 3_600))
    .option('--check', 'exit with 1 when something is wrong, for scripts')
    .action(status);
}

async function status({ json, aws, watch: again, check }: Options): Promise<void> {
  if (again !== undefined && json) throw new Error('--json prints one document, so it does not go with --watch.');
  const shop = await connectToShop({ aws });
  if (again !== undefined) {
    await watch(drawing(shop), again === true ? WATCH_SECONDS : again);
    return;
  }
  const seen = await collectStatus(shop)();
  const found = document(seen);
  print(json, found, () => report(seen));
  if (check && !found.ok) process.exitCode = 1;
}
