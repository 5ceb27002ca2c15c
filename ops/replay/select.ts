import { hash } from 'node:crypto';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import type { PartnerSettings } from '../../infra/partner-settings.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import type { ArchivedMessage } from '../../lambdas/archive/object.ts';
import { MAX_MESSAGE_BYTES, messageBytes } from '../../lambdas/runtime/message-size.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import { didYouMean } from '../nearest.ts';
import { contractsFor } from '../partner-settings.ts';
import { recentKeys } from './recent-keys.ts';

/** The events to replay: those that a consumer understands, narrowed to some types or to one order. */
export type ReplaySelection = {
  contracts: readonly EventContract[];
  types?: readonly string[] | undefined;
  orderId?: string | undefined;
};

/** An archived event to replay; `body` is unchanged. `identity` is what makes it the same as another, see `identityOf`. */
export type SelectedEvent = ArchivedMessage & { identity: string; type: string; orderId: string };

/**
 * The selected events in all and by type; the repeats among them, which were left out; those that clash, so that their publisher's id
 * and source are also those of a different event; and those that were left out because they break their contract, or are too large
 * for a message once they are in the envelope of a replay.
 */
export type ReplayCounts = {
  count: number;
  types: Record<string, number>;
  repeated: number;
  clashing: number;
  broken: number;
  oversized: number;
};

// A repeat further away is sent again, and is a repeat to its consumer.
const REMEMBERED_EVENTS = 500_000;

/**
 * Returns the selection for a consumer, or for a partner of the deployed shop; throws for an unknown name and for a type that it does not
 * consume.
 */
export function selectionFor(
  to: string,
  { types, orderId }: Omit<ReplaySelection, 'contracts'> = {},
  partners: Readonly<Record<string, PartnerSettings>> = {},
): ReplaySelection {
  const partner = Object.hasOwn(partners, to) ? partners[to] : undefined;
  const contracts = partner === undefined ? consumedBy(to, Object.keys(partners)) : contractsFor(partner);
  return narrowSelection(to, contracts, { types, orderId }, partner === undefined ? 'understand' : 'get');
}

/** Narrows what somebody gets to some types or to one order; throws a sentence for a type that is not among it. */
export function narrowSelection(
  to: string,
  contracts: readonly EventContract[],
  { types, orderId }: Omit<ReplaySelection, 'contracts'>,
  verb: 'understand' | 'get',
): ReplaySelection {
  const known = contracts.map(({ type }) => type);
  const unknown = types?.find((type) => !known.includes(type));
  if (unknown !== undefined) {
    throw new Error(`${to} does not ${verb} ${unknown}, only ${known.join(', ')}.${didYouMean(unknown, known)}`);
  }
  return { contracts, types, orderId };
}

/** Tells whether this code has a consumer of that name. */
export const isConsumer = (name: string): boolean => Object.hasOwn(routing, name);

/** Returns what a consumer understands; throws where there is none of that name. */
function consumedBy(consumer: string, partners: readonly string[]): readonly EventContract[] {
  const route = new Map<string, Route>(Object.entries(routing)).get(consumer);
  // The two consumers share the table of orders.
  if (route !== undefined)
    return consumer === 'order' ? [...route.consumes, ...routing.outcomes.consumes] : route.consumes;
  const consumers = Object.keys(routing);
  const [kinds, names] =
    partners.length === 0
      ? ['consumer', consumers.join(', ')]
      : ['consumer or partner', `${consumers.join(', ')}, and of the partners ${partners.join(', ')}`];
  const meant = didYouMean(consumer, [...consumers, ...partners]);
  throw new Error(`There is no ${kinds} ${consumer}: --to takes one of ${names}.${meant}`);
}

/** Creates a stateful selector: `select` returns the event to replay or `undefined`, and keeps `counts`. */
export function createEventSelector({ contracts, types, orderId }: ReplaySelection): {
  counts: ReplayCounts;
  select(message: ArchivedMessage): SelectedEvent | undefined;
} {
  const counts: ReplayCounts = { count: 0, types: {}, repeated: 0, clashing: 0, broken: 0, oversized: 0 };
  const selected = contracts.filter(({ type }) => types === undefined || types.includes(type));
  const identities = recentKeys(REMEMBERED_EVENTS);
  const names = recentKeys(REMEMBERED_EVENTS);
  const isOfOrder = (order: string | undefined) => orderId === undefined || order === orderId;
  const countBroken = (message: ArchivedMessage): undefined => {
    if (isOfOrder(orderIdOf(message))) counts.broken += 1;
  };
  const select = (message: ArchivedMessage): SelectedEvent | undefined => {
    const event = parseKnown(message.body, selected);
    if (event === 'other type') return undefined;
    if (event === 'broken') return countBroken(message);
    const { id, source, type } = event;
    const order = orderIdIn(event.data);
    if (!isOfOrder(order)) return undefined;
    if (isOversized(message.body)) {
      counts.oversized += 1;
      return undefined;
    }
    const identity = identityOf(event);
    if (identities.get(identity) !== undefined) {
      counts.repeated += 1;
      return undefined;
    }
    // CloudEvents 1.0, section 3.1.1: source and id name one event. Not every publisher keeps to it.
    const name = digest([source, id]);
    if (names.get(name) === undefined) names.set(name, identity);
    else counts.clashing += 1;
    identities.set(identity, name);
    counts.count += 1;
    counts.types[type] = (counts.types[type] ?? 0) + 1;
    return { ...message, identity, type, orderId: order };
  };
  return { counts, select };
}

/**
 * Computes what makes two events the same, however often and under whichever ids they were sent: their type and their data, in which
 * the order, the receipt or the refund is named. Consumers go by the same.
 */
const identityOf = ({ type, data }: { type: string; data: unknown }): string => digest([type, data]);

const digest = (value: unknown): string => hash('sha256', JSON.stringify(value, sortMembers), 'base64url').slice(0, 22);

const sortMembers = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;

// As long as a replay's name is.
const NAME = 'replay-01ARZ3NDEKTSV4RRFFQ69G5FAV';

const isOversized = (body: string): boolean =>
  messageBytes({ body: wrapReplayed({ name: NAME, withEffects: false, body }) }) > MAX_MESSAGE_BYTES;

function parseKnown(body: string, contracts: readonly EventContract[]) {
  try {
    return parseEvent(body, contracts);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.problems[0]?.path === 'type' ? 'other type' : 'broken';
  }
}

const orderIdIn = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'orderId' in data ? String(data.orderId) : '';
