import * as v from 'valibot';
import type { EventContract, EventOf } from './cloud-event.ts';

/** A message that breaks its contract. `problems` names each fault by path and never quotes a value: it may be personal. */
export class ContractError extends Error {
  override name = 'ContractError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/**
 * Takes a message body and the contracts its reader understands and gives the event.
 * Throws `ContractError` with every problem, each named by path: `data.items[2].quantity: must be at least 1`.
 */
export function parseEvent<C extends EventContract>(body: string, contracts: readonly C[]): EventOf<C> {
  const message = parseJson(body);
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
  const contract = contracts.find((known) => known.type === type);
  if (contract === undefined) {
    throw new ContractError([`type: must be one of ${contracts.map((known) => known.type).join(', ')}`]);
  }
  const result = v.safeParse(contract.schema, message);
  if (!result.success) throw new ContractError(problems(result.issues));
  // The schema was found by the event's own type, which the compiler cannot follow.
  return result.output as EventOf<C>;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ContractError(['body: must be JSON']);
  }
}

// More than these help nobody to mend a message.
const MAX_PROBLEMS = 20;

function problems(issues: readonly v.BaseIssue<unknown>[]): string[] {
  const named = issues.slice(0, MAX_PROBLEMS).map(problem);
  return issues.length > MAX_PROBLEMS ? [...named, `and ${issues.length - MAX_PROBLEMS} more problems`] : named;
}

function problem(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? [])
    .map(({ key }, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
  const missing = issue.kind === 'schema' && issue.input === undefined;
  return `${path === '' ? 'body' : path}: ${missing ? 'is missing' : issue.message}`;
}
