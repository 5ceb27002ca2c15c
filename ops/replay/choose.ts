import type { EventContract } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import type { ArchivedMessage } from '../../lambdas/archive/pack.ts';

/** What to replay: events its consumer understands, of certain types and of one order where that is asked for. */
export type ReplaySelection = {
  contracts: readonly EventContract[];
  types?: readonly string[];
  order?: string | undefined;
};

/** An event to replay: the body as it was published, and what is needed to send it. */
export type SelectedEvent = ArchivedMessage & { id: string; type: string; orderId: string };

/** What was found: how many to replay by type, how many repeat one of those, and how many break their contract. */
export type ReplayCounts = { count: number; types: Record<string, number>; repeated: number; broken: number };

/** Takes what is wanted and gives a function that takes message by message, tells those to replay, and counts. */
export function createEventSelector({ contracts, types, order }: ReplaySelection): {
  tally: ReplayCounts;
  choose(kept: ArchivedMessage): SelectedEvent | undefined;
} {
  const tally: ReplayCounts = { count: 0, types: {}, repeated: 0, broken: 0 };
  const known = contracts.filter(({ type }) => types === undefined || types.includes(type));
  const seen = new Set<string>();
  const choose = (kept: ArchivedMessage): SelectedEvent | undefined => {
    const event = eventIn(kept.body, known);
    if (event === 'another') return undefined;
    if (event === 'broken') {
      tally.broken += 1;
      return undefined;
    }
    const { id, source, type, data } = event;
    const orderId = orderIn(data);
    if (order !== undefined && orderId !== order) return undefined;
    // What a queue delivered twice, or a publisher sent twice, is one event (CloudEvents 1.0, section 3.1.1).
    const identity = JSON.stringify([source, id]);
    if (seen.has(identity)) {
      tally.repeated += 1;
      return undefined;
    }
    seen.add(identity);
    tally.count += 1;
    tally.types[type] = (tally.types[type] ?? 0) + 1;
    return { ...kept, id, type, orderId };
  };
  return { tally, choose };
}

function eventIn(body: string, known: readonly EventContract[]) {
  try {
    return parseEvent(body, known);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.problems[0]?.startsWith('type: must be one of') ? 'another' : 'broken';
  }
}

const orderIn = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'orderId' in data ? String(data.orderId) : '';
