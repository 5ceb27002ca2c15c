import { type Command, InvalidArgumentError } from 'commander';
import { command, wholeNumber } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { createReport } from './estimate.ts';
import { formatReport } from './format.ts';
import { listPrices, parsePriceFile } from './prices.ts';

type Options = { json?: boolean; ordersPerDay: number; context: Record<string, string>; prices?: string };

/** `ops estimate` */
export function estimateCommand(): Command {
  return command(
    'estimate',
    'Estimate what a month on AWS costs, from the template and the measured calls per order; needs no AWS and no engine.',
    'estimate --orders-per-day 10000',
    'estimate --orders-per-day 10000 -c encryption=aws -c archiveDays=7 --prices seoul.json',
  )
    .requiredOption('--orders-per-day <n>', 'how many orders come a day', wholeNumber(1, 100_000_000))
    .option('-c, --context <name=value>', 'a setting, as for `cdk deploy`; several times', addSetting, {
      stage: 'prod',
    })
    .option('--prices <file>', 'JSON with other prices: region, date, and dollars by name (docs/costs.md)')
    .action(async ({ json, ordersPerDay, context, prices: file }: Options) => {
      const prices = file === undefined ? listPrices : parsePriceFile(await readInput(file));
      const report = await createReport(ordersPerDay, context, prices);
      print(json, report, (layout) => formatReport(report, layout));
    });
}

function addSetting(text: string, previous: Record<string, string>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.');
  return { ...previous, [name]: value };
}
