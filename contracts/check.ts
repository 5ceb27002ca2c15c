import { catalog } from './catalog.ts';
import { ContractError, type Problem, parseEvent } from './parse.ts';

/** What consumers would refuse of a message; `ok` where nothing. */
export type CheckResult = { ok: boolean; problems: readonly Problem[] };

const sentByServices = catalog.filter(({ sentBy }) => sentBy === 'services');

/**
 * Checks a message before it is published: a body, or the event as an object, which is serialized first. Needs no AWS. Applies
 * the contracts of what services send; an event of the shop itself is refused, as it would be on the topic.
 */
export function checkEvent(message: unknown): CheckResult {
  try {
    parseEvent(typeof message === 'string' ? message : serialize(message), sentByServices);
    return { ok: true, problems: [] };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { ok: false, problems: error.problems };
  }
}

/** Serializes as a publisher would. A cycle or a `BigInt` can be published by nobody. */
function serialize(message: unknown): string {
  try {
    return JSON.stringify(message) ?? '';
  } catch {
    throw new ContractError([
      { path: 'body', problem: 'must be an object that JSON can express, without cycles and BigInt' },
    ]);
  }
}
