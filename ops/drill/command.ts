import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { formatDuration, plural, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import type { DrillResult } from './result.ts';
import { DRILL_DEFAULTS, type DrillRequest, startDrill } from './start.ts';

type Options = ShopOptions & DrillRequest;

/** Builds `ops drill`. */
export function drillCommand(): Command {
  return shopCommand(
    'drill',
    'Send a load with an outage of the sandbox payment gateway in the middle, and account for every order.',
    'drill',
    'drill --orders 300 --outage 10',
  )
    .option('--orders <n>', 'how many orders', wholeNumber(3, 100_000), DRILL_DEFAULTS.orders)
    .option(
      '--repeated <percent>',
      'how many of them are published twice',
      wholeNumber(0, 100),
      DRILL_DEFAULTS.repeated,
    )
    .option('--outage <seconds>', 'how long the gateway is down', wholeNumber(1, 86_400), DRILL_DEFAULTS.outage)
    .option(
      '--patience <seconds>',
      'how long to wait for everything to come to rest',
      wholeNumber(1, 86_400),
      DRILL_DEFAULTS.patience,
    )
    .action(drill);
}

async function drill({ json, aws, ...request }: Options): Promise<void> {
  const shop = await connectToShop({ aws });
  const result = await interruptible('Interrupted: bringing the gateway back; orders finish by themselves.', (signal) =>
    startDrill(shop, request, { signal, onProgress: progressPrinter() }),
  );
  print(
    json,
    result,
    underHeader(shop, (layout) => drillReport(result, layout)),
  );
  if (result.problems.length > 0) {
    const [first, ...others] = result.problems;
    const more = others.length > 0 ? `, and ${plural(others.length, 'more problem')}` : '';
    throw new Error(`The drill does not add up: ${first}${more}. All of them: --json.`);
  }
}

function drillReport({ problems, medians, waitingOrders: _, ...counts }: DrillResult, layout: Layout): string {
  const periods = Object.entries(medians).map(([period, { placedToReserved, cancelledToText }]) => [
    period,
    formatDuration(placedToReserved),
    formatDuration(cancelledToText),
  ]);
  return [
    table(['what', 'how many'], Object.entries(counts), layout),
    '',
    table(['the outage', 'placed → reserved (median)', 'cancelled → text (median)'], periods, layout),
    '',
    problems.length === 0 ? 'Every order adds up.' : `${plural(problems.length, 'problem')}.`,
  ].join('\n');
}
