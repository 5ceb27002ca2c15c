import * as v from 'valibot';
import type { EventContract, EventOf } from './cloud-event.ts';

/** A message that violates its contract. `problems` names each fault by path and never quotes a value, which may be personal data. */
export class ContractError extends Error {
  override name = 'ContractError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/**
 * Parses and validates a message body against the contract of its `type`, one of `contracts`.
 * Throws `ContractError` with up to 20 problems, each named by path: `data.items[2].quantity: must be at least 1`.
 */
export function parseEvent<C extends EventContract>(body: string, contracts: readonly C[]): EventOf<C> {
  const message = parseJson(body);
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
  const contract = contracts.find((candidate) => candidate.type === type);
  if (contract === undefined) {
    throw new ContractError([`type: must be one of ${contracts.map((candidate) => candidate.type).join(', ')}`]);
  }
  const result = v.safeParse(contract.schema, message);
  if (!result.success) throw new ContractError(describeIssues(result.issues));
  // The compiler cannot see that the schema belongs to this type.
  return result.output as EventOf<C>;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ContractError(['body: must be JSON']);
  }
}

// More problems than this do not help anybody to repair a message.
const MAX_PROBLEMS = 20;

function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string[] {
  const problems = issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  return issues.length > MAX_PROBLEMS ? [...problems, `and ${issues.length - MAX_PROBLEMS} more problems`] : problems;
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? [])
    .map(({ key }, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
  const missing = issue.kind === 'schema' && issue.input === undefined;
  return `${path === '' ? 'body' : path}: ${missing ? 'is missing' : issue.message}`;
}
