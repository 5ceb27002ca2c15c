import type { EventContract } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import type { ArchivedMessage } from '../../lambdas/archive/pack.ts';

/** The events to replay: those that a consumer understands, narrowed to some types or to one order. */
export type ReplaySelection = {
  contracts: readonly EventContract[];
  types?: readonly string[] | undefined;
  orderId?: string | undefined;
};

/** An archived event to replay; `body` is unchanged. */
export type SelectedEvent = ArchivedMessage & { id: string; type: string; orderId: string };

/** The selected events in all and by type, the duplicates among them that were left out, and the events that break their contract. */
export type ReplayCounts = { count: number; types: Record<string, number>; repeated: number; broken: number };

/** Returns the selection for a consumer; throws for an unknown consumer and for a type that it does not consume. */
export function selectionFor(
  consumer: string,
  { types, orderId }: Omit<ReplaySelection, 'contracts'> = {},
): ReplaySelection {
  const route = new Map<string, Route>(Object.entries(routing)).get(consumer);
  if (route === undefined) {
    throw new Error(`There is no consumer ${consumer}: --to takes one of ${Object.keys(routing).join(', ')}.`);
  }
  // The two consumers share the table of orders.
  const contracts = consumer === 'order' ? [...route.consumes, ...routing.outcomes.consumes] : route.consumes;
  const known = contracts.map(({ type }) => type);
  const unknown = types?.find((type) => !known.includes(type));
  if (unknown !== undefined) throw new Error(`${consumer} does not understand ${unknown}, only ${known.join(', ')}.`);
  return { contracts, types, orderId };
}

/** Creates a stateful selector: `select` returns the event to replay or `undefined`, and keeps `counts`. */
export function createEventSelector({ contracts, types, orderId }: ReplaySelection): {
  counts: ReplayCounts;
  select(message: ArchivedMessage): SelectedEvent | undefined;
} {
  const counts: ReplayCounts = { count: 0, types: {}, repeated: 0, broken: 0 };
  const selected = contracts.filter(({ type }) => types === undefined || types.includes(type));
  const seen = new Set<string>();
  const select = (message: ArchivedMessage): SelectedEvent | undefined => {
    const event = parseKnown(message.body, selected);
    if (event === 'other type') return undefined;
    if (event === 'broken') {
      counts.broken += 1;
      return undefined;
    }
    const { id, source, type } = event;
    const order = orderIdIn(event.data);
    if (orderId !== undefined && order !== orderId) return undefined;
    // Source and id identify an event (CloudEvents 1.0, section 3.1.1), however often it was sent or delivered.
    const identity = JSON.stringify([source, id]);
    if (seen.has(identity)) {
      counts.repeated += 1;
      return undefined;
    }
    seen.add(identity);
    counts.count += 1;
    counts.types[type] = (counts.types[type] ?? 0) + 1;
    return { ...message, id, type, orderId: order };
  };
  return { counts, select };
}

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
