import { type Command, InvalidArgumentError } from 'commander';
import { command, wholeNumber } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { createReport } from './estimate.ts';
import { formatReport } from './format.ts';
import { listPrices, parsePriceFile } from './prices.ts';
import { parseGranted } from './quota-use.ts';

type Options = {
  json?: boolean;
  ordersPerDay: number;
  peak: number;
  region?: string;
  granted: Record<string, string>;
  context: Record<string, string>;
  prices?: string;
};

/** `ops estimate` */
export function estimateCommand(): Command {
  return command(
    'estimate',
    'Estimate what a month on AWS costs and which quota of an account more orders meet first, from the template and the measured calls per order; needs no AWS and no engine.',
    'estimate --orders-per-day 10000',
    'estimate --orders-per-day 10000 --peak 20 --region ap-northeast-2 --granted lambda-concurrency=1000',
    'estimate --orders-per-day 10000 -c encryption=aws -c archiveDays=7 --prices seoul.json',
  )
    .requiredOption('--orders-per-day <n>', 'how many orders come a day', wholeNumber(1, 100_000_000))
    .option('--peak <n>', 'how many times the mean rate the busiest moment has; quotas are judged there', factor, 3)
    .option('--region <region>', 'whose quotas: they differ by region (default: the region of the prices)')
    .option(
      '--granted <quota=limit>',
      'a limit that AWS has raised for you, by the name in docs/quotas.md; several times',
      addSetting,
      {},
    )
    .option('-c, --context <name=value>', 'a setting, as for `cdk deploy`; several times', addSetting, {
      stage: 'prod',
    })
    .option('--prices <file>', 'JSON with other prices: region, date, and dollars by name (docs/costs.md)')
    .action(async ({ json, ordersPerDay, peak, region, granted: given, context: settings, prices: file }: Options) => {
      const granted = parseGranted(given);
      const prices = file === undefined ? listPrices : parsePriceFile(await readInput(file));
      const quotas = { peak, granted, ...(region !== undefined && { region }) };
      const report = await createReport({ ordersPerDay, settings, prices, quotas });
      print(json, report, (layout) => formatReport(report, layout));
    });
}

function addSetting(text: string, previous: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([\w-]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.');
  return { ...previous, [name]: value };
}

function factor(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 1 && value <= 10_000))
    throw new InvalidArgumentError('It must be a number from 1 to 10,000.');
  return value;
}
