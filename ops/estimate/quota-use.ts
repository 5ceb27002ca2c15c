import { billedMilliseconds, type ConsumerLoad } from './compute.ts';
import { consumerLoads, partnerLoads, type Scenario, SECONDS_PER_DAY, SECONDS_PER_MONTH } from './load.ts';
import { defaultLimit, isQuotaId, type Quota, type QuotaId, type QuotaMetric, quotaEntries, quotas } from './quotas.ts';
import { batchOf, keyRequests, writeUnitsPerOrder } from './usage.ts';

/** Limits that were granted to the account, by the quota. */
export type Granted = Readonly<Partial<Record<QuotaId, number>>>;

/** Where and when quotas are judged: `peak` is the busiest moment's rate as a multiple of the mean. */
export type QuotaSettings = { region: string; peak: number; granted: Granted };

/**
 * How much of a quota orders use. `reachedAt` is the rate that uses all of it, in orders a second (at the peak) and in orders a day (with that
 * peak); `null` where no rate does.
 */
export type QuotaUse = {
  id: QuotaId | 'consumer-concurrency';
  name: string;
  unit: string;
  limit: number;
  used: number;
  met: boolean;
  reachedAt: { perSecond: number; perDay: number } | null;
  metric: QuotaMetric | null;
  more: Quota['more'];
};

/** What a text is assumed to cost, in US dollars: it depends on the country. */
export const TEXT_DOLLARS = 0.05;
/** Less and more than any shop: a quota that the highest rate does not use up is never met. */
const [LOWEST_RATE, HIGHEST_RATE] = [1e-7, 1e6];
/** Demands grow with the rate, but for a few percent where batches grow: a full one takes longer. So the search goes up in steps. */
const STEP = 1.25;
/** The search ends when a rate is known to a ten-thousandth. */
const PRECISION = 1.0001;

type Demand = (scenario: Scenario, loads: readonly ConsumerLoad[], ordersPerSecond: number) => number;

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const busyFunctions = (load: ConsumerLoad, ordersPerSecond: number) =>
  load.messages === 0 ? 0 : (ordersPerSecond * load.invocations * billedMilliseconds(load)) / 1000;

/** How much of each quota is used at a rate of orders a second. */
const demands: Readonly<Record<QuotaId, Demand>> = {
  'sms-spend': ({ measured }, _, ordersPerSecond) =>
    ordersPerSecond * SECONDS_PER_MONTH * measured.batches['1'].texts.count * TEXT_DOLLARS,
  'lambda-concurrency': ({ facts }, loads, ordersPerSecond) =>
    sum(
      loads.map((load) => Math.min(busyFunctions(load, ordersPerSecond), facts.mappings[load.name]?.concurrency ?? 0)),
    ),
  'sms-rate': ({ measured }, _, ordersPerSecond) => ordersPerSecond * measured.batches['1'].texts.count,
  'events-put': (_, loads, ordersPerSecond) =>
    ordersPerSecond * sum(loads.map(({ calls }) => calls['events.PutEvents'] ?? 0)),
  'events-invocations': (scenario, loads, ordersPerSecond) => ordersPerSecond * targetInvocations(scenario, loads),
  'sns-publish': ({ measured }, _, ordersPerSecond) => {
    const { feedEvents, texts } = measured.batches['1'];
    return ordersPerSecond * (1 + feedEvents.count + texts.count);
  },
  'sns-fifo': ({ measured }, _, ordersPerSecond) => ordersPerSecond * measured.batches['1'].feedEvents.count,
  'sqs-fifo': ({ measured }, _, ordersPerSecond) => ordersPerSecond * measured.batches['1'].feedEvents.count,
  'dynamodb-table': (scenario, loads, ordersPerSecond) => {
    const { stock: _, ...growing } = writeUnitsPerOrder(scenario, batchOf(loads, 'stock'));
    return ordersPerSecond * Math.max(...Object.values(growing));
  },
  'dynamodb-item': (scenario, loads, ordersPerSecond) =>
    ordersPerSecond * (writeUnitsPerOrder(scenario, batchOf(loads, 'stock')).stock ?? 0),
  kms: (scenario) => keyRequests(scenario) / SECONDS_PER_MONTH,
};

/** Deliveries from the bus per order: to the consumers' queues, the archive's, EventBridge's own archive, and to partners. */
function targetInvocations(scenario: Scenario, loads: readonly ConsumerLoad[]): number {
  const { facts, measured } = scenario;
  const { busEvents, feedEvents } = measured.batches['1'];
  const standard = sum(loads.filter(({ fifo }) => !fifo).map(({ messages }) => messages));
  // Each subscription of the topic brings the order itself, and the archive gets the feed from its own subscription.
  const fromTopics = facts.topicSubscriptions + (loads.some(({ name }) => name === 'archive') ? feedEvents.count : 0);
  const partners = sum(partnerLoads(scenario).map(({ fifo, messages }) => (fifo ? 0 : messages)));
  return standard - fromTopics + (facts.busArchiveDays > 0 ? busEvents.count : 0) + partners;
}

/** Judges every quota, the first that more orders meet at the top. */
export function quotaUses(scenario: Scenario, settings: QuotaSettings): QuotaUse[] {
  const uses = quotaEntries().map(([id, quota]) => {
    const limit = settings.granted[id] ?? defaultLimit(quota, settings.region);
    const { name, unit, metric, more } = quota;
    return {
      id,
      name,
      unit,
      metric,
      more,
      limit,
      ...useOf(demands[id], limit, scenario, quota.perMonth ? 1 : settings.peak),
    };
  });
  return [...uses, busiestConsumer(scenario, settings.peak)].sort((one, other) => ordersADay(one) - ordersADay(other));
}

const ordersADay = ({ reachedAt }: Pick<QuotaUse, 'reachedAt'>) => reachedAt?.perDay ?? Number.POSITIVE_INFINITY;

function useOf(
  demand: Demand,
  limit: number,
  scenario: Scenario,
  peak: number,
): Pick<QuotaUse, 'used' | 'met' | 'reachedAt'> {
  const demandAt = (ordersPerSecond: number) => {
    const at = { ...scenario, ordersPerDay: ordersPerSecond * SECONDS_PER_DAY };
    return demand(at, consumerLoads(at), ordersPerSecond);
  };
  const used = demandAt((scenario.ordersPerDay / SECONDS_PER_DAY) * peak);
  const perSecond = rateThatUses(limit, demandAt);
  const reachedAt = perSecond === undefined ? null : { perSecond, perDay: (perSecond / peak) * SECONDS_PER_DAY };
  return { used, met: used >= limit, reachedAt };
}

/** Searches the lowest rate at which a demand comes to a limit. */
function rateThatUses(limit: number, demandAt: (ordersPerSecond: number) => number): number | undefined {
  let high = LOWEST_RATE;
  while (demandAt(high) < limit) {
    if (high > HIGHEST_RATE) return undefined;
    high *= STEP;
  }
  let low = high / STEP;
  while (high / low > PRECISION) {
    const middle = Math.sqrt(low * high);
    if (demandAt(middle) < limit) low = middle;
    else high = middle;
  }
  return high;
}

/** Judges the consumer that first has full batches in all its instances: from there on its queue grows. A setting of the shop, no quota of AWS. */
function busiestConsumer(scenario: Scenario, peak: number): QuotaUse {
  const [first] = consumerLoads(scenario)
    // The archive gathers on purpose.
    .filter(({ name, messages }) => name !== 'archive' && messages > 0)
    .map(({ name }) => {
      const limit = scenario.facts.mappings[name]?.concurrency ?? 1;
      const demand: Demand = ({ facts, measured }, _, ordersPerSecond) => {
        const { batchSize = 1 } = facts.mappings[name] ?? {};
        // A window that is never over fills every batch.
        const full = { ...facts, mappings: { [name]: { ...facts.mappings[name], windowSeconds: 1e9 } } };
        const [load] = consumerLoads({ facts: full as typeof facts, measured, ordersPerDay: 1 });
        return load === undefined ? 0 : busyFunctions({ ...load, batch: batchSize }, ordersPerSecond);
      };
      return { name, limit, ...useOf(demand, limit, scenario, peak) };
    })
    .sort((one, other) => ordersADay(one) - ordersADay(other));
  if (first === undefined) throw new Error('The stack has no consumer.');
  const { name, ...use } = first;
  return {
    id: 'consumer-concurrency',
    name: `The setting \`concurrency\` of ${name}`,
    unit: 'executions at once, in full batches',
    metric: null,
    more: `\`consumers.${name}.concurrency\` or \`consumerConcurrency\` (docs/settings.md)`,
    ...use,
  };
}

/** Parses `name=limit` pairs of quotas that were granted; throws a sentence where a name is of none. */
export function parseGranted(given: Readonly<Record<string, string>>): Granted {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      const limit = Number(text);
      if (!isQuotaId(name)) throw new Error(`There is no quota "${name}". Known: ${Object.keys(quotas).join(', ')}.`);
      if (!(limit > 0)) throw new Error(`The limit of "${name}" must be a number above 0.`);
      return [name, limit];
    }),
  );
}
