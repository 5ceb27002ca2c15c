import type { Batching } from './batches.ts';
import { estimate } from './estimate.ts';
import type { Facts } from './facts.ts';
import type { PriceList } from './prices.ts';
import type { Situation } from './stations.ts';

/** One setting changed, and everything else as deployed; in US dollars a month. `difference` to what is deployed. */
export type Variation = { setting: string; to: string; perMonth: number; difference: number };

type Change = { setting: string; to: string; change: (facts: Facts) => Facts };

/** How long topics and queues use one data key: what SNS does, and what the stack sets. */
const TOPIC_KEY_SECONDS = 300;
const QUEUE_KEY_SECONDS = 3600;

/** Takes a situation and prices and gives what the month takes with each setting changed. */
export function variations(situation: Situation, prices: PriceList): Variation[] {
  const asDeployed = estimate(situation, prices).total.perMonth;
  return changesOf(situation.facts).map(({ setting, to, change }) => {
    const { perMonth } = estimate({ ...situation, facts: change(situation.facts) }, prices).total;
    return { setting, to, perMonth, difference: perMonth - asDeployed };
  });
}

function changesOf(facts: Facts): Change[] {
  return [
    ...[
      { batchSize: 1, windowSeconds: 0 },
      { batchSize: 10, windowSeconds: 0 },
      { batchSize: 10, windowSeconds: 1 },
      { batchSize: 10, windowSeconds: 5 },
      { batchSize: 100, windowSeconds: 5 },
    ].map((batching) => ({
      setting: 'batch size, window',
      to: `${batching.batchSize}, ${batching.windowSeconds} s`,
      change: (now: Facts) => batched(now, batching),
    })),
    {
      setting: 'batches',
      to: 'full at 10 (a backlog, a peak)',
      change: full,
    },
    ...[256, 512, 1024].map((memoryMb) => ({
      setting: 'memory',
      to: `${memoryMb} MB`,
      change: (now: Facts) => ({ ...now, functions: mapped(now.functions, (fn) => ({ ...fn, memoryMb })) }),
    })),
    {
      setting: 'filter policies and rule patterns',
      to: 'none: everything to everybody',
      change: (now: Facts) => ({ ...now, unfiltered: true, bodyFilters: { topic: 0, feed: 0 } }),
    },
    { setting: 'encryption', to: "a customer's key", change: withKey },
    { setting: 'encryption', to: "AWS's own keys", change: withoutKey },
    ...[7, 30, 365].map((archiveDays) => ({
      setting: 'archiveDays',
      to: `${archiveDays}`,
      change: (now: Facts) => ({ ...now, archiveDays, busArchiveDays: archiveDays }),
    })),
    { setting: 'our archive', to: 'none (no `ops replay`)', change: withoutArchive },
    { setting: "the bus's archive", to: 'none', change: (now: Facts) => ({ ...now, busArchiveDays: 0 }) },
    ...[1, 30, 365].map((logDays) => ({
      setting: 'logDays',
      to: `${logDays}`,
      change: (now: Facts) => ({ ...now, logDays }),
    })),
    { setting: 'X-Ray', to: 'off', change: (now: Facts) => ({ ...now, traced: false }) },
  ].filter(({ setting }) => setting !== 'archiveDays' || facts.archiveDays > 0);
}

/** A FIFO queue takes no window and at most ten messages; our archive's batches are its own. */
const batched = (facts: Facts, batching: Batching): Facts => ({
  ...facts,
  mappings: mapped(facts.mappings, (mapping, name) => {
    if (name === 'archive') return mapping;
    return mapping.fifo ? { ...mapping, batchSize: Math.min(10, batching.batchSize) } : { ...mapping, ...batching };
  }),
});

/** Ten messages in every batch, and in our archive's as many as it takes. */
const full = (facts: Facts): Facts => ({
  ...facts,
  mappings: mapped(facts.mappings, (mapping, name) => ({
    ...mapping,
    batchSize: name === 'archive' ? mapping.batchSize : 10,
    windowSeconds: 1e9,
  })),
});

const withKey = (facts: Facts): Facts => ({
  ...facts,
  keys: Math.max(1, facts.keys),
  keyReuse: facts.keyReuse.queues.length > 0 ? facts.keyReuse : keyed(facts),
  tables: mapped(facts.tables, (table) => ({ ...table, customerKey: true })),
});

const keyed = ({ mappings }: Facts): Facts['keyReuse'] => ({
  topics: [TOPIC_KEY_SECONDS, TOPIC_KEY_SECONDS],
  queues: Object.keys(mappings).map(() => QUEUE_KEY_SECONDS),
});

const withoutKey = (facts: Facts): Facts => ({
  ...facts,
  keys: 0,
  keyReuse: { topics: [], queues: [] },
  tables: mapped(facts.tables, (table) => ({ ...table, customerKey: false })),
});

function withoutArchive(facts: Facts): Facts {
  const { archive: _, ...mappings } = facts.mappings;
  const { archive: __, ...tables } = facts.tables;
  // It subscribes to both topics.
  const bodyFilters = {
    topic: Math.max(0, facts.bodyFilters.topic - 1),
    feed: Math.max(0, facts.bodyFilters.feed - 1),
  };
  return { ...facts, mappings, tables, archiveDays: 0, bodyFilters, feedSubscriptions: facts.feedSubscriptions - 1 };
}

const mapped = <T>(values: Readonly<Record<string, T>>, change: (value: T, name: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
