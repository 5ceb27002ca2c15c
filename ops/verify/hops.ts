import { catalog } from '../../contracts/catalog.ts';
import type { Channel, EventContract } from '../../contracts/cloud-event.ts';
import { bodyFilter, busPatterns, contractsOn, eventPatterns } from '../../infra/filters.ts';
import { LIFECYCLE, type PartnerSettings } from '../../infra/partner-settings.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { contractsFor } from '../partner-settings.ts';
import type { Endpoints } from '../webhooks/endpoints.ts';

/** A subscription or a rule that brings a consumer its events, as this code deploys it. */
export type ExpectedHop = {
  consumer: string;
  channel: Channel;
  /** The event that the rule brings from outside; `undefined` for a subscription and for the rule of the stack's own events. */
  reported: string | undefined;
  /** Whom the events of the rule are for. @default the consumer itself */
  endpoint?: string;
  /** The filter policy or event pattern; `undefined` where everything passes. */
  filter: unknown;
  /** The type of the probes that pass it. */
  probe: string;
};

/** A way to a partner, which no probe takes: what would arrive is somebody else's to read. */
export type PartnerHop = Omit<ExpectedHop, 'probe'>;

const CHANNELS = { topic: 'orders topic', lifecycle: 'lifecycle topic', bus: 'bus' } as const;

/** Names where a hop begins: `orders topic`, `bus (shop.payment.received.v1)`, `bus (erp)`. */
export function originOf({
  channel,
  reported,
  endpoint,
}: Pick<ExpectedHop, 'channel' | 'reported' | 'endpoint'>): string {
  const rule = [endpoint, reported].filter((part) => part !== undefined).join(', ');
  return rule === '' ? CHANNELS[channel] : `${CHANNELS[channel]} (${rule})`;
}

/** Lists what this code deploys: each way into each consumer, into the archive, and to each of these endpoints. */
export const expectedHops = (endpoints: Endpoints = {}): ExpectedHop[] => [
  ...Object.entries<Route>(routing).flatMap(([consumer, { consumes, unfiltered }]) => [
    ...topicHop(consumer, 'topic', consumes, unfiltered === true),
    // The feed is not filtered, because nothing else travels on it.
    ...topicHop(consumer, 'lifecycle', consumes, true),
    ...busHops(consumer, consumes),
  ]),
  ...topicHop('archive', 'topic', catalog, false),
  ...topicHop('archive', 'lifecycle', catalog, false),
  ...busHops('archive', catalog),
  ...Object.entries(endpoints).flatMap(([endpoint, { events }]) =>
    busHops('webhooks', contractsFor({ events }), endpoint),
  ),
];

/** Lists what this code deploys for a partner with these settings. */
export function partnerHops(consumer: string, settings: PartnerSettings): PartnerHop[] {
  const contracts = contractsFor(settings);
  if (settings.events === LIFECYCLE) {
    const filter = { type: contracts.map(({ type }) => type) };
    return [{ consumer, channel: LIFECYCLE, reported: undefined, filter }];
  }
  return eventPatterns(contracts).map(({ reported, pattern }) => ({
    consumer,
    channel: 'bus',
    reported,
    filter: pattern,
  }));
}

function topicHop(
  consumer: string,
  channel: 'topic' | 'lifecycle',
  contracts: readonly EventContract[],
  unfiltered: boolean,
): ExpectedHop[] {
  const given = contractsOn(channel, contracts);
  if (given.length === 0) return [];
  const { probe, policy } = bodyFilter(consumer, given);
  return [{ consumer, channel, reported: undefined, filter: unfiltered ? undefined : policy, probe }];
}

const busHops = (consumer: string, contracts: readonly EventContract[], endpoint?: string): ExpectedHop[] =>
  busPatterns(consumer, contracts, endpoint).map(({ reported, pattern, probe }) => ({
    consumer,
    channel: 'bus',
    reported,
    filter: pattern,
    probe,
    ...(endpoint === undefined ? {} : { endpoint }),
  }));
