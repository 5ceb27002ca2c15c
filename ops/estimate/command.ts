import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { command, wholeNumber } from '../command.ts';
import { print } from '../output.ts';
import { assumptions } from './assumptions.ts';
import { measurements } from './calls.ts';
import { estimate } from './estimate.ts';
import { factsOf } from './facts.ts';
import { pricesFrom } from './price-file.ts';
import { listPrices, type PriceList } from './prices.ts';
import { type Report, text } from './report.ts';
import { unknownTypes } from './resources.ts';
import { perMonth, type Situation, stationsOf } from './stations.ts';
import { variations } from './variations.ts';

type Options = { json?: boolean; ordersPerDay: number; context: Record<string, string>; prices?: string };

/** `ops estimate` */
export function estimateCommand(): Command {
  return command(
    'estimate',
    'Estimate what a month on AWS costs, from the template and the counted calls per order; needs no AWS and no engine.',
    'estimate --orders-per-day 10000',
    'estimate --orders-per-day 10000 -c encryption=aws -c archiveDays=7 --prices seoul.json',
  )
    .requiredOption('--orders-per-day <n>', 'how many orders come a day', wholeNumber(1, 100_000_000))
    .option('-c, --context <name=value>', 'a setting, as for `cdk deploy`; several times', setting, { stage: 'prod' })
    .option('--prices <file>', 'JSON with other prices: region, date, and dollars by name (docs/costs.md)')
    .action(async ({ json, ordersPerDay, context, prices: file }: Options) => {
      const prices = file === undefined ? listPrices : pricesFrom(await priceFile(file));
      const report = await reportOf(ordersPerDay, context, prices);
      print(json, report, () => text(report));
    });
}

async function reportOf(ordersPerDay: number, settings: Record<string, string>, prices: PriceList): Promise<Report> {
  // CDK takes a second to load, which no other command should wait for.
  const { synthesised } = await import('./synthesise.ts');
  const template = synthesised(settings);
  const unknown = unknownTypes(Object.values(template.Resources).map(({ Type }) => Type));
  if (unknown.length > 0)
    throw new Error(`The template holds what the estimate knows no price of: ${unknown.join(', ')}.`);
  const situation: Situation = { facts: factsOf(template), measured: measurements(), ordersPerDay };
  const { region, date, checked } = prices;
  const texts = situation.measured.batches['1'].texts.count;
  return {
    ordersPerDay,
    settings,
    prices: { region, date, checked },
    ...estimate(situation, prices),
    batches: Object.fromEntries(stationsOf(situation).map(({ name, batch }) => [name, batch])),
    texts: { perOrder: texts, perMonth: perMonth(situation, texts), counted: false },
    variations: variations(situation, prices),
    assumptions: assumptions(situation.measured, prices),
  };
}

async function priceFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`The price file ${file} cannot be read.`, { cause: error });
  }
}

function setting(given: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/.exec(given) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.');
  return { ...before, [name]: value };
}
