import { catalog } from '../../contracts/catalog.ts';
import type { OrderPlaced } from '../../contracts/order.ts';
import { ContractError, formatProblem, parseEvent } from '../../contracts/parse.ts';
import { placed } from './events.ts';

type Members = Record<string, unknown>;

/** A placed order to which the functions below add members. */
export const good = placed();

export const parse = (event: object) => parseEvent(JSON.stringify(event), catalog) as OrderPlaced;

/** Parses a placed order with other members in its envelope. */
export const withEnvelope = (members: Members) => parse({ ...good, ...members });

/** Parses a placed order with other members in its data. */
export const withData = (members: Members) => parse({ ...good, data: { ...good.data, ...members } });

/** Returns the problems of a refused message; none where it is taken. */
export function problemsOf(parsing: () => unknown): string[] {
  try {
    parsing();
    return [];
  } catch (error) {
    if (error instanceof ContractError) return error.problems.map(formatProblem);
    throw error;
  }
}
