import { type Channel, type EventContract, sourcesOf } from '../contracts/cloud-event.ts';
import { isProbeType, PROBE_SOURCE, probeTypeOf } from '../lambdas/runtime/probe.ts';

/** A filter on the body of what travels on a topic, with the probes that pass it. */
export type BodyFilter = { probe: string; policy: { type: string[] } };

/**
 * A pattern of a rule on the bus, with the probes that pass it; `reported` is the type of the event that it brings from outside, `undefined`
 * for the stack's own events.
 */
export type BusPattern = { probe: string; reported: string | undefined; pattern: { $or: readonly EventBranch[] } };

/** A pattern that no probe passes, as `BusPattern` otherwise. */
export type EventPattern = { reported: string | undefined; pattern: EventBranch };

export type EventBranch = {
  source: readonly string[];
  'detail-type': readonly string[];
  detail?: { type: readonly string[]; source: readonly string[] };
};

/** Returns the filter for what a consumer gets from a topic; the contracts are those of one channel. */
export function bodyFilter(consumer: string, contracts: readonly EventContract[]): BodyFilter {
  const types = typesOf(contracts);
  const probe = probeTypeOf(consumer, types);
  return { probe, policy: { type: [...types, probe] } };
}

/**
 * Returns the patterns for what a consumer gets from the bus, as `eventPatterns` does. Probes are an alternative of their own, so that nobody
 * who may send the one can thereby send the other. The rules of each endpoint have probes of their own, also where two endpoints get the same
 * events.
 */
export const busPatterns = (consumer: string, contracts: readonly EventContract[], endpoint?: string): BusPattern[] =>
  eventPatterns(contracts).map(({ reported, pattern }) => {
    const values = [...pattern['detail-type'], ...pattern.source];
    const probe = probeTypeOf(consumer, endpoint === undefined ? values : [...values, endpoint]);
    return { probe, reported, pattern: { $or: [pattern, detailBranch([probe], [PROBE_SOURCE])] } };
  });

/**
 * Returns the patterns for events of the bus: the bare event, as on the topic, and only from the publisher the contract names.
 *
 * Each of the stack's functions may put on the bus what it publishes and no more, so one rule brings all of it. A service outside may use one source and one
 * detail type, as its policy says, but chooses the detail freely, and the detail is what arrives. So each event that services send has a
 * rule of its own, which also matches the type and the source in the detail: nobody can report what only the stack may say.
 */
export function eventPatterns(contracts: readonly EventContract[]): EventPattern[] {
  const onBus = contractsOn('bus', contracts);
  const own = onBus.filter(({ sentBy }) => sentBy === 'stack');
  const reported = onBus.filter(({ sentBy }) => sentBy === 'services');
  return [
    ...(own.length === 0 ? [] : [{ reported: undefined, pattern: eventBranch(own) }]),
    ...reported.map((contract) => ({
      reported: contract.type,
      pattern: detailBranch([contract.type], sourcesOf([contract])),
    })),
  ];
}

/** Selects the contracts of one channel. */
export const contractsOn = (wanted: Channel, contracts: readonly EventContract[]): EventContract[] =>
  contracts.filter(({ channel }) => channel === wanted);

const eventBranch = (contracts: readonly EventContract[]): EventBranch => ({
  source: sourcesOf(contracts),
  'detail-type': typesOf(contracts),
});

const detailBranch = (type: readonly string[], source: readonly string[]): EventBranch => ({
  source,
  'detail-type': type,
  detail: { type, source },
});

/** Returns a filter without its probes, for whoever asks about events. */
export function withoutProbes(filter: unknown): unknown {
  if (Array.isArray(filter)) return filter.filter((value) => !isProbeType(value));
  if (typeof filter !== 'object' || filter === null) return filter;
  const { $or: branches, ...rest } = Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, name === '$or' ? value : withoutProbes(value)]),
  );
  if (!Array.isArray(branches)) return rest;
  const kept = branches.filter((branch) => !isProbeBranch(branch));
  const [only] = kept;
  return kept.length === 1 ? { ...rest, ...only } : { ...rest, $or: kept };
}

const isProbeBranch = (branch: unknown) => JSON.stringify(branch).includes(`"source":["${PROBE_SOURCE}"]`);

const typesOf = (contracts: readonly EventContract[]) => contracts.map(({ type }) => type);
