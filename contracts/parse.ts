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
export const parseEvent = <C extends EventContract>(body: string, contracts: readonly C[]): EventOf<C> =>
  validateEvent(unwrapBody(body), contracts);

/** Validates the event of an unwrapped body, as `parseEvent` does. */
export function validateEvent<C extends EventContract>(body: UnwrappedBody, contracts: readonly C[]): EventOf<C> {
  const message = eventIn(body);
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

/** What an event can arrive in, though it was not to be published so. */
export type Wrapping = 'byte-order mark' | 'SNS envelope' | 'EventBridge envelope';

/** The event in a message body, as text and as an object, and what it was wrapped in, outermost first. */
export type UnwrappedBody = { text: string; message: Record<string, unknown>; wrappings: Wrapping[] };

// Deeper, no contract has a member; so deep nesting cannot overflow the stack.
const MAX_NESTING = 8;
// An envelope in an envelope is a bridge between two subscriptions; more is a loop.
const MAX_ENVELOPES = 3;

/**
 * Reads the event in a message body, without validating it. Unwraps it (see `unwrapBody`), decodes `data_base64` and removes members
 * that are null. Throws `ContractError` where the body is no JSON object, and names its shape.
 */
export const readMessage = (body: string): Record<string, unknown> => eventIn(unwrapBody(body));

function eventIn({ message }: UnwrappedBody): JsonObject {
  const event = decodeData(message);
  removeNulls(event, MAX_NESTING);
  return event;
}

/**
 * Takes the event out of what unmistakably carries it: a byte-order mark, the envelope of SNS (where raw delivery is off) or of
 * EventBridge (where a rule has no input path). Throws `ContractError` where the body is no JSON object, and names its shape.
 */
export function unwrapBody(body: string): UnwrappedBody {
  const wrappings: Wrapping[] = [];
  let text = body;
  for (let envelopes = 0; ; envelopes += 1) {
    if (text.startsWith(BYTE_ORDER_MARK)) {
      text = text.slice(1);
      wrappings.push('byte-order mark');
    }
    const message = readObject(text, wrappings.at(-1));
    const envelope = envelopeOf(message);
    if (envelope === undefined) return { text, message, wrappings };
    if (envelopes === MAX_ENVELOPES)
      throw bodyError(`is wrapped in more than ${MAX_ENVELOPES} envelopes: publish the event itself`);
    wrappings.push(envelope.wrapping);
    text = envelope.content;
  }
}

const BYTE_ORDER_MARK = '\uFEFF';

function readObject(text: string, wrapping: Wrapping | undefined): JsonObject {
  const value = tryParse(text);
  if (isObject(value)) {
    rejectRepeatedNames(text);
    return value;
  }
  const problem = value === undefined ? nameText(text) : nameJson(value);
  throw bodyError(
    wrapping === 'SNS envelope'
      ? `is an SNS envelope (raw delivery is off for this subscription) and its Message ${problem}`
      : problem,
  );
}

/** The members by which filters of the topic and rules of the bus tell events apart. */
const FILTERED = ['type', 'source'];

/** Tells quickly of most messages that they name their type and their source once; they escape nothing. */
const namesFilteredOnce = (json: string): boolean =>
  !json.includes('\\u') && FILTERED.every((name) => json.indexOf(`"${name}"`) === json.lastIndexOf(`"${name}"`));

/** Rejects a message that has its type or its source twice: a filter may have let it through because of the one that is not read here. */
function rejectRepeatedNames(json: string): void {
  if (namesFilteredOnce(json)) return;
  const names = new Set<string>();
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) {
      const name = String(JSON.parse(token.slice(0, -1)));
      if (names.has(name) && FILTERED.includes(name)) throw bodyError('must have its type and its source once');
      names.add(name);
    }
  }
}

function nameJson(value: unknown): string {
  if (Array.isArray(value)) return 'must be one event, not a JSON array: publish each event as a message of its own';
  if (typeof value === 'string' && isObject(tryParse(value)))
    return 'must be a JSON object, not JSON inside a string: serialize the event once, not twice';
  return `must be a JSON object, not ${value === null ? 'null' : `a ${typeof value}`}`;
}

// A form begins with a name and `=`; no JSON does.
const FORM = /^[\w.%+[\]-]{1,100}=[^\s{]/;

function nameText(text: string): string {
  const start = text.trimStart();
  if (start === '') return 'must be JSON, not empty: publish the event as the message';
  if (start.startsWith('{') || start.startsWith('['))
    return 'must be JSON: it is cut off, or was not written by a JSON serializer';
  if (start.startsWith('<')) return 'must be JSON, not XML: publish the event in the JSON format of CloudEvents';
  if (FORM.test(start)) return 'must be JSON, not a form: publish the event in the JSON format of CloudEvents';
  return 'must be JSON, not plain text: publish the event in the JSON format of CloudEvents';
}

/**
 * Recognizes an unmistakable envelope; `undefined` for anything else. An envelope has no `type`: what has one was let through because of
 * it, by a filter or a rule, and must not carry another event inside.
 */
export function envelopeOf(message: JsonObject): { wrapping: Wrapping; content: string } | undefined {
  if ('type' in message || 'specversion' in message) return undefined;
  const { Type, TopicArn, Message, detail } = message;
  if (typeof TopicArn === 'string' && typeof Message === 'string') {
    if (Type === 'Notification') return { wrapping: 'SNS envelope', content: Message };
    if (Type === 'SubscriptionConfirmation' || Type === 'UnsubscribeConfirmation')
      throw bodyError(`must be an event, not the ${Type} of an SNS subscription`);
  }
  if ('detail-type' in message && 'account' in message && isObject(detail))
    return { wrapping: 'EventBridge envelope', content: serialize(detail) };
  return undefined;
}

/** Serializes what was parsed, unless it is nested so deeply that serializing it overflows the stack. */
function serialize(detail: JsonObject): string {
  try {
    return JSON.stringify(detail);
  } catch {
    throw bodyError('is nested too deeply');
  }
}

function decodeData(message: JsonObject): JsonObject {
  if (!('data_base64' in message)) return message;
  const { data_base64: encoded, ...event } = message;
  if (encoded === undefined || encoded === null) return event;
  if (event.data !== undefined && event.data !== null)
    throw new ContractError([{ path: 'data_base64', problem: 'must be absent where there is data' }]);
  const data = typeof encoded === 'string' ? decodeBase64Json(encoded) : undefined;
  if (data === undefined)
    throw new ContractError([
      { path: 'data_base64', problem: 'must be JSON, in UTF-8 and Base64 (RFC 4648, section 4)' },
    ]);
  return { ...event, data };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Decodes strictly: `Buffer` skips what is no Base64, and replaces what is no UTF-8. */
function decodeBase64Json(encoded: string): unknown {
  if (encoded.length % 4 !== 0 || !BASE64.test(encoded)) return undefined;
  try {
    return tryParse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64')));
  } catch {
    return undefined;
  }
}

function removeNulls(value: unknown, depth: number): void {
  if (depth === 0 || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) removeNulls(item, depth - 1);
    return;
  }
  const holder = value as JsonObject;
  for (const key in holder) {
    const member = holder[key];
    if (member === null) delete holder[key];
    else if (typeof member === 'object') removeNulls(member, depth - 1);
  }
}

/** Tells whether a value of JSON is an object, which an array is not. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses JSON; returns `undefined` for what is none. */
export function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const bodyError = (problem: string) => new ContractError([{ path: 'body', problem }]);

// More problems than this do not help anybody to repair a message.
const MAX_PROBLEMS = 20;

function describeIssues(issues: readonly v.BaseIssue<unknown>[]): Problem[] {
  const problems = issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  const more = issues.length - MAX_PROBLEMS;
  return more > 0
    ? [...problems, { path: 'body', problem: `has ${more === 1 ? '1 more problem' : `${more} more problems`}` }]
    : problems;
}

function describeIssue(issue: v.BaseIssue<unknown>): Problem {
  const path = (issue.path ?? [])
    .map(({ key }, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
  const missing = issue.kind === 'schema' && issue.input === undefined;
  const isText = path === 'data' && typeof issue.input === 'string' && isObject(tryParse(issue.input));
  const message = isText ? `${issue.message}, not JSON inside a string` : issue.message;
  return { path: path === '' ? 'body' : path, problem: missing ? 'is missing' : message };
}
