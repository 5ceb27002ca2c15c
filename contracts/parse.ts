import * as v from 'valibot';
import type { EventContract, EventOf } from './cloud-event.ts';

/** What is wrong with one member of a message: `data.items[2].quantity`, `must be at least 1`. Never quotes a value that may be personal data. */
export type Problem = { path: string; problem: string };

/** A message that violates its contract. */
export class ContractError extends Error {
  override name = 'ContractError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('; '));
    this.problems = problems;
  }
}

/** Formats a problem: `data.items[2].quantity: must be at least 1`. */
export const formatProblem = ({ path, problem }: Problem): string => `${path}: ${problem}`;

/**
 * Parses and validates a message body against the contract of its `type`, one of `contracts`. What carries the event is unwrapped
 * (see `readMessage`), and members that are null are absent ones (CloudEvents, JSON format, section 2.2).
 * Throws `ContractError` with up to 20 problems, each named by path.
 */
export function parseEvent<C extends EventContract>(body: string, contracts: readonly C[]): EventOf<C> {
  const message = readMessage(body);
  const contract = contracts.find(({ type }) => type === message.type);
  if (contract === undefined) {
    const types = contracts.map((candidate) => candidate.type).join(', ');
    throw new ContractError([{ path: 'type', problem: `must be one of ${types}` }]);
  }
  const result = v.safeParse(contract.schema, message);
  if (!result.success) throw new ContractError(describeIssues(result.issues));
  // The compiler cannot see that the schema belongs to this type.
  return result.output as EventOf<C>;
}

type JsonObject = Record<string, unknown>;

// Deeper, no contract has a member; so deep nesting cannot overflow the stack.
const MAX_NESTING = 8;
// An envelope in an envelope is a bridge between two subscriptions; more is a loop.
const MAX_ENVELOPES = 3;

/**
 * Reads the event in a message body, without validating it. Drops a byte-order mark, unwraps the envelope of SNS (where raw delivery is
 * off) or EventBridge (where a rule has no input path), decodes `data_base64` and removes members that are null. Throws
 * `ContractError` where the body is no JSON object, and names its shape.
 */
export function readMessage(body: string): Record<string, unknown> {
  let message = readObject(body);
  for (let envelopes = 0; envelopes < MAX_ENVELOPES; envelopes += 1) {
    const inner = unwrap(message);
    if (inner === undefined) break;
    message = typeof inner === 'string' ? readObject(inner) : inner;
  }
  const event = decodeData(message);
  removeNulls(event, MAX_NESTING);
  return event;
}

function readObject(text: string): JsonObject {
  const json = text.replace(/^\uFEFF/, '');
  const value = parseJson(json);
  if (isObject(value)) {
    rejectRepeatedNames(json);
    return value;
  }
  if (Array.isArray(value))
    throw bodyError('must be one event, not a JSON array: publish each event as a message of its own');
  if (typeof value === 'string' && isObject(tryParse(value)))
    throw bodyError('must be a JSON object, not JSON inside a string: serialize the event once, not twice');
  throw bodyError('must be a JSON object');
}

/** Rejects a member that is there twice: a filter may have let the message through because of the one that is not read here. */
function rejectRepeatedNames(json: string): void {
  const names = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) {
      const name = String(JSON.parse(token.slice(0, -1)));
      if (names.has(name)) throw bodyError('must have each of its members once');
      names.add(name);
    }
  }
}

/**
 * Returns what an unmistakable envelope carries; `undefined` for anything else. An envelope has no `type`: what has one was let through
 * because of it, by a filter or a rule, and must not carry another event inside.
 */
function unwrap(message: JsonObject): string | JsonObject | undefined {
  if ('type' in message) return undefined;
  const { Type, TopicArn, Message, detail } = message;
  if (Type === 'Notification' && typeof TopicArn === 'string' && typeof Message === 'string') return Message;
  return 'detail-type' in message && 'account' in message && isObject(detail) ? detail : undefined;
}

function decodeData({ data_base64: encoded, ...event }: JsonObject): JsonObject {
  if (encoded === undefined || encoded === null) return event;
  if (event.data !== undefined && event.data !== null)
    throw new ContractError([{ path: 'data_base64', problem: 'must be absent where there is data' }]);
  const data = typeof encoded === 'string' ? tryParse(Buffer.from(encoded, 'base64').toString()) : undefined;
  if (data === undefined) throw new ContractError([{ path: 'data_base64', problem: 'must be JSON in Base64' }]);
  return { ...event, data };
}

function removeNulls(value: unknown, depth: number): void {
  if (depth === 0 || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) removeNulls(item, depth - 1);
    return;
  }
  const holder = value as JsonObject;
  for (const [key, member] of Object.entries(holder)) {
    if (member === null) delete holder[key];
    else removeNulls(member, depth - 1);
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bodyError('must be JSON');
  }
}

const bodyError = (problem: string) => new ContractError([{ path: 'body', problem }]);

// More problems than this do not help anybody to repair a message.
const MAX_PROBLEMS = 20;

function describeIssues(issues: readonly v.BaseIssue<unknown>[]): Problem[] {
  const problems = issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  const more = issues.length - MAX_PROBLEMS;
  return more > 0 ? [...problems, { path: 'body', problem: `has ${more} more problems` }] : problems;
}

function describeIssue(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? [])
    .map(({ key }, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
  const missing = issue.kind === 'schema' && issue.input === undefined;
  return { path: path === '' ? 'body' : path, problem: missing ? 'is missing' : issue.message };
}
