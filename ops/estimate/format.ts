import type { Column } from '../columns.ts';
import { counted, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import type { Cost, Report } from './estimate.ts';
import { DAYS_PER_MONTH, SECONDS_PER_DAY } from './load.ts';

/** Formats an estimate for people: the sum first, then what it consists of, and what a setting would change. */
export function formatReport(report: Report, layout: Layout = WHOLE): string {
  const { services, total, variations, assumptions } = report;
  return [
    [answer(report), basis(report)].join('\n'),
    table(
      SERVICES,
      [...Object.entries(services), ['total', total] as const].map(([name, cost]) => [name, ...amounts(cost)]),
      layout,
    ),
    table(
      LINES,
      report.lines.map((line) => [line.service, line.what, ...amounts(line)]),
      layout,
    ),
    notes(report),
    firstQuota(report),
    table(QUOTAS, report.quotas.uses.map(quotaRow), layout),
    'What a setting changes, everything else as deployed:',
    table(
      VARIATIONS,
      variations.map(({ setting, to, perMonth, difference }) => [
        setting,
        to,
        dollars(perMonth),
        Math.abs(difference) < 0.005 ? '–' : dollars(difference, 'always'),
      ]),
      layout,
    ),
    ['Assumptions:', ...assumptions.map((sentence) => `- ${sentence}`)].join('\n'),
  ].join('\n\n');
}

const SENTENCE = { fit: 'wrap', least: 16 } as const;
const PER_MILLION: Column = { title: '$ per million orders', align: 'right', fit: 'wrap', least: 12 };
const PER_MONTH: Column = { title: '$ per month', align: 'right' };
const SERVICES: readonly Column[] = [{ title: 'service' }, PER_MILLION, PER_MONTH];
const LINES: readonly Column[] = [{ title: 'service' }, { title: 'what', ...SENTENCE }, PER_MILLION, PER_MONTH];
const VARIATIONS: readonly Column[] = [
  { title: 'setting', ...SENTENCE },
  { title: 'to', ...SENTENCE },
  PER_MONTH,
  { title: 'difference', align: 'right' },
];

const QUOTAS: readonly Column[] = [
  { title: 'quota', ...SENTENCE },
  { title: 'limit', align: 'right' },
  { title: 'used at the peak', align: 'right', fit: 'wrap', least: 8 },
  { title: 'of', ...SENTENCE },
  { title: 'all of it at orders a second', align: 'right', fit: 'wrap', least: 12 },
  { title: 'orders a day', align: 'right', fit: 'wrap', least: 8 },
];

/** Says which quota these orders, or more of them, meet first. */
function firstQuota({ ordersPerDay, quotas: { region, peak, uses } }: Report): string {
  const mean = ordersPerDay / SECONDS_PER_DAY;
  const rate = `${amount(mean)} orders a second on average, ${amount(mean * peak)} at a peak of ${amount(peak)} times that`;
  const met = uses.filter((use) => use.met).map(({ name }) => name);
  const next = uses.find((use) => !use.met && use.reachedAt !== null);
  const answer = met.length === 0 ? 'meets no quota' : `meets first: ${met.join('; then ')}`;
  const more = next?.reachedAt
    ? `Next: ${next.name}, at ${amount(next.reachedAt.perDay)} orders a day`
    : 'More orders would meet none';
  return `A fresh account in ${region} with ${rate}, ${answer}. ${more}. How to see it coming and to ask for more: docs/quotas.md.`;
}

const quotaRow = ({ name, limit, used, unit, reachedAt, met }: Report['quotas']['uses'][number]) => [
  `${met ? '✗ ' : ''}${name}`,
  limit.toLocaleString('en'),
  amount(used),
  unit,
  reachedAt === null ? '–' : amount(reachedAt.perSecond),
  reachedAt === null ? 'never' : amount(reachedAt.perDay),
];

/** Three digits are as many as assumptions are worth. */
const amount = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const ordersPerMonth = ({ ordersPerDay }: Report) => ordersPerDay * DAYS_PER_MONTH;

function answer(report: Report): string {
  const { total, ordersPerDay } = report;
  const ofOrders = (total.perMillionOrders * ordersPerMonth(report)) / 1_000_000;
  const parts = `$${dollars(ofOrders)} for the orders, $${dollars(total.perMonth - ofOrders)} fixed`;
  return `$${dollars(total.perMonth)} a month for ${counted(ordersPerDay, 'order')} a day: ${parts}.`;
}

function basis({ settings, prices }: Report): string {
  const context = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `Without texts and the free tier: ${context.join(', ')}, ${prices.region}, list prices of ${prices.date}.`;
}

function notes(report: Report): string {
  const { total, texts } = report;
  const batches = Object.entries(report.batches).map(([name, size]) => `${name} ${Number(size.toFixed(2))}`);
  const perMillion = (total.perMonth / ordersPerMonth(report)) * 1_000_000;
  return [
    `A million orders without fixed costs; with them, at this volume: $${dollars(perMillion)}. Units and prices: --json.`,
    `Texts are not in the total: ${texts.perOrder} per order, ${Math.round(texts.perMonth).toLocaleString('en')} per month; the price depends on the country (https://aws.amazon.com/sns/sms-pricing/).`,
    `Messages per batch: ${batches.join(', ')}.`,
  ].join('\n');
}

const dollars = (amount: number, signDisplay: 'auto' | 'always' = 'auto') =>
  amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay });
const amounts = ({ perMillionOrders, perMonth }: Cost) => [dollars(perMillionOrders), dollars(perMonth)];
