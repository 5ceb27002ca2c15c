import { type Command, InvalidArgumentError } from 'commander';
import { command, wholeNumber } from '../command.ts';
import { table } from '../format.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { type Cost, createReport, type Report } from './estimate.ts';
import { DAYS_PER_MONTH } from './load.ts';
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
      print(json, report, () => formatReport(report));
    });
}

function addSetting(text: string, previous: Record<string, string>): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.');
  return { ...previous, [name]: value };
}

function formatReport({ ordersPerDay, settings, prices, services, total, texts, ...report }: Report): string {
  const context = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const batches = Object.entries(report.batches).map(([name, size]) => `${name} ${Number(size.toFixed(2))}`);
  const perMillion = (total.perMonth / (ordersPerDay * DAYS_PER_MONTH)) * 1_000_000;
  return [
    `${ordersPerDay.toLocaleString('en')} orders a day, ${context.join(', ')}, ${prices.region}, list prices of ${prices.date}, without the free tier`,
    table(
      ['service', 'what', ...amountColumns],
      report.lines.map((line) => [line.service, line.what, ...amounts(line)]),
    ),
    table(
      ['service', ...amountColumns],
      [...Object.entries(services), ['total', total] as const].map(([name, cost]) => [name, ...amounts(cost)]),
    ),
    [
      `A million orders without fixed costs; with them, at this volume: $${dollars(perMillion).trim()}. Units and prices: --json.`,
      `Texts are not in the total: ${texts.perOrder} per order, ${Math.round(texts.perMonth).toLocaleString('en')} per month; the price depends on the country (https://aws.amazon.com/sns/sms-pricing/).`,
      `Messages per batch: ${batches.join(', ')}.`,
    ].join('\n'),
    'What a setting changes, everything else as deployed:',
    table(
      ['setting', 'to', right('$ per month'), right('difference')],
      report.variations.map(({ setting, to, perMonth, difference }) => [
        setting,
        to,
        dollars(perMonth),
        Math.abs(difference) < 0.005 ? right('–') : dollars(difference, 'always'),
      ]),
    ),
    ['Assumptions:', ...report.assumptions.map((sentence) => `- ${sentence}`)].join('\n'),
  ].join('\n\n');
}

const right = (text: string) => text.padStart(20);
const dollars = (amount: number, signDisplay: 'auto' | 'always' = 'auto') =>
  right(amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay }));
const amountColumns = ['$ per million orders', '$ per month'].map(right);
const amounts = ({ perMillionOrders, perMonth }: Cost) => [dollars(perMillionOrders), dollars(perMonth)];
