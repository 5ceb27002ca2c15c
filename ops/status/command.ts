import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { underHeader } from '../header.ts';
import { outputClosed, print } from '../output.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { liveStatusCollector, statusCollector } from './collect.ts';
import { statusDocument } from './health.ts';
import { liveText } from './live.ts';
import { CLEAR_SCREEN, overwritingScreen, statusReport } from './report.ts';

type Options = ShopOptions & { watch?: number | true; check?: boolean };

const WATCH_SECONDS = 2;

/** Builds `ops status`. */
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

async function status({ json, aws, watch, check }: Options): Promise<void> {
  if (watch !== undefined && json) throw new Error('--json prints one document, so it does not go with --watch.');
  const shop = await connectToShop({ aws });
  if (watch !== undefined) {
    await watchStatus(shop, watch === true ? WATCH_SECONDS : watch);
    return;
  }
  const collected = await statusCollector(shop)();
  const document = statusDocument(collected);
  print(
    json,
    document,
    underHeader(shop, (layout) => statusReport(collected, new Date(), layout)),
  );
  if (check && !document.ok) process.exitCode = 1;
}

/** Shows the status until Ctrl-C or a closed output, on a terminal always in the same place; an error is shown instead of the status once. */
async function watchStatus(shop: DeployedShop, seconds: number): Promise<void> {
  const collectStatus = liveStatusCollector(shop);
  // At once, whatever is being read: there is nothing to finish.
  const end = () => process.exit(0);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end);
  outputClosed.addEventListener('abort', end);
  const { isTTY } = process.stdout;
  if (isTTY) process.stdout.write(CLEAR_SCREEN);
  for (;;) {
    const text = await liveText(shop, collectStatus, `every ${seconds} s; Ctrl-C ends it`);
    process.stdout.write(isTTY ? overwritingScreen(text) : `${text}\n\n`);
    await pause(seconds * 1_000);
  }
}
