import { type Measurements, readMeasurements } from './calls.ts';
import { assumed } from './compute.ts';
import { consumerLoads, DAYS_PER_MONTH, ORDINARY_EVENTS, type Scenario } from './load.ts';
import { cost, type PriceList } from './prices.ts';
import { type QuotaSettings, quotaUses, TEXT_DOLLARS } from './quota-use.ts';
import type { Mapping, TemplateFacts } from './template.ts';
import { POLLING, usageOf } from './usage.ts';

/** US dollars per million orders without fixed costs, and per month with them. */
export type Cost = { perMillionOrders: number; perMonth: number };

/** Everything `ops estimate` prints. */
export type Report = Awaited<ReturnType<typeof createReport>>;

/** What is estimated: the volume, the `-c` settings, the prices, and where and when quotas are judged (in the prices' region by default). */
export type Question = {
  ordersPerDay: number;
  settings: Record<string, string>;
  prices: PriceList;
  quotas: Omit<QuotaSettings, 'region'> & { region?: string };
};

/** Estimates the stack with the given settings, without AWS or an engine. */
export async function createReport({ ordersPerDay, settings, prices, quotas }: Question) {
  // Loaded on demand: CDK takes a second, which no other command should wait for.
  const { readFacts, synthesize } = await import('./template.ts');
  const scenario: Scenario = { facts: readFacts(synthesize(settings)), measured: readMeasurements(), ordersPerDay };
  const { region, date, checked } = prices;
  const texts = scenario.measured.batches['1'].texts.count;
  return {
    ordersPerDay,
    settings,
    prices: { region, date, checked },
    ...estimate(scenario, prices),
    quotas: judgeQuotas(scenario, { ...quotas, region: quotas.region ?? region }),
    // Mean messages per batch.
    batches: Object.fromEntries(consumerLoads(scenario).map(({ name, batch }) => [name, batch])),
    texts: { perOrder: texts, perMonth: texts * ordersPerDay * DAYS_PER_MONTH, counted: false },
    variations: variations(scenario, prices),
    assumptions: [...assumptions(scenario.measured, prices), ...outsideAssumptions(scenario)],
  };
}

function judgeQuotas(scenario: Scenario, settings: QuotaSettings) {
  const { region, peak } = settings;
  return { region, peak, uses: quotaUses(scenario, settings) };
}

/** Multiplies usage by prices: by kind of usage, by service and in total. */
export function estimate(scenario: Scenario, { prices }: PriceList) {
  const orders = scenario.ordersPerDay * DAYS_PER_MONTH;
  const lines = usageOf(scenario).map(({ price: id, ...usage }) => ({
    ...usage,
    price: prices[id],
    perMillionOrders: cost(usage.perOrder * 1_000_000, prices[id]),
    perMonth: cost(usage.perOrder * orders + usage.fixed, prices[id]),
  }));
  const services: Record<string, Cost> = {};
  for (const line of lines) services[line.service] = add(services[line.service] ?? NOTHING, line);
  return { lines, services, total: lines.reduce(add, NOTHING) };
}

const NOTHING: Cost = { perMillionOrders: 0, perMonth: 0 };
const add = (one: Cost, other: Cost): Cost => ({
  perMillionOrders: one.perMillionOrders + other.perMillionOrders,
  perMonth: one.perMonth + other.perMonth,
});

/** Estimates the same scenario with each setting changed; `difference` is to the scenario as it is. */
export function variations(scenario: Scenario, prices: PriceList) {
  const deployed = estimate(scenario, prices).total.perMonth;
  return changesTo(scenario.facts).map(([setting, to, changes]) => {
    const { perMonth } = estimate({ ...scenario, facts: { ...scenario.facts, ...changes } }, prices).total;
    return { setting, to, perMonth, difference: perMonth - deployed };
  });
}

type Change = [setting: string, to: string, changes: Partial<TemplateFacts>];

function changesTo({ mappings, keys }: TemplateFacts): Change[] {
  const remap = (change: (mapping: Mapping) => Partial<Mapping>) => {
    // The archive keeps its own batches, whatever the settings are.
    const changed = (name: string, mapping: Mapping) =>
      name === 'archive' ? mapping : { ...mapping, ...change(mapping) };
    return { mappings: Object.fromEntries(Object.entries(mappings).map(([name, one]) => [name, changed(name, one)])) };
  };
  const batched = (batchSize: number, windowSeconds: number): Change => {
    // A FIFO queue has no window and at most ten messages per batch.
    const fifoSize = Math.min(10, batchSize);
    const change = remap(({ fifo }) => (fifo ? { batchSize: fifoSize } : { batchSize, windowSeconds }));
    return ['batchSize, batchWindowSeconds', `${batchSize}, ${windowSeconds}`, change];
  };
  return [
    batched(1, 0),
    batched(10, 0),
    batched(10, 1),
    batched(10, 5),
    batched(100, 5),
    ['batches', 'full at 10 (a backlog, a peak)', remap(() => ({ batchSize: 10, windowSeconds: 1e9 }))],
    ...[256, 512, 1024].map((memoryMb): Change => ['memory', `${memoryMb} MB`, remap(() => ({ memoryMb }))]),
    ['encryption', 'customer', { keys: Math.max(1, keys) }],
    ['encryption', 'aws', { keys: 0 }],
    ...[7, 30, 365].map((days): Change => ['archiveDays', `${days}`, { archiveDays: days, busArchiveDays: days }]),
    ...[1, 30, 365].map((logDays): Change => ['logDays', `${logDays}`, { logDays }]),
    ['tracing', 'false', { traced: false }],
  ];
}

function assumptions({ about }: Measurements, { region, date, checked }: PriceList): string[] {
  return [
    `Prices: ${region}, ${date}, ${checked}.`,
    'Not counted: the free tier, volume discounts, savings plans and taxes. Traffic within a region is free.',
    `A month has ${DAYS_PER_MONTH} days, and what is billed is reckoned with orders that come evenly over the day. A peak has fuller batches and costs less.`,
    `Calls per order: ${about}; measured in batches of 1 and of 10, interpolated as a cost per message and one per batch.`,
    'Batches: a poller that comes free takes what has come since the last one did, at most a full batch; without a window, slow rates have batches of one (docs/costs.md).',
    `Quotas: those of a fresh account (docs/quotas.md), at the busiest moment (--peak times the mean), and $${TEXT_DOLLARS} for a text.`,
    `Each queue has ${POLLING.pollers} pollers, which receive every ${POLLING.seconds} s even when the queue is empty: the most there can be.`,
    `Assumed milliseconds: ${Object.entries(assumed)
      .map(([what, value]) => `${what} ${value}`)
      .join(', ')} (coldStarts is a share; batch and message are CPU time with 512 MB).`,
    'Records are never deleted. Their storage is that of one month; each further month adds as much.',
  ];
}

function outsideAssumptions({ facts: { partners, endpoints } }: Scenario): string[] {
  if (partners.length + endpoints.length === 0) return [];
  return [
    `Partners and endpoints get what an ordinary order makes of the events they name: ${ORDINARY_EVENTS.join(', ')}. A partner polls alone and reads one message at a time; each try of an endpoint is another invocation.`,
  ];
}
