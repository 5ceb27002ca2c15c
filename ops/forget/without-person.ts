import { isDeepStrictEqual } from 'node:util';
import { catalog } from '../../contracts/catalog.ts';
import { orderCancelRequested, orderRefundRequested } from '../../contracts/order.ts';
import { ContractError, envelopeOf, isObject, parseEvent, readMessage } from '../../contracts/parse.ts';
import { FORGOTTEN_TOKEN, PERSONAL_MEMBERS, withoutPerson } from '../../contracts/personal-data.ts';
import { readReplayed, wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import { parseJson } from '../dlq/json-text.ts';
import { type Field, SHOWN } from '../dlq/shown-fields.ts';

/**
 * Rewrites the body of an order's message without the person: of an event that keeps its contract all that the contract names stays, but who the
 * customer is, their words and their payment token; of any other what `dlq show` would show. What the contracts do not name is removed: it may be
 * anything. Envelopes stay, so that the message means what it meant. A body without anything of that is returned as it is, byte for byte.
 */
export function bodyWithoutPerson(body: string): string {
  const rewritten = openBody(body, 0);
  return isDeepStrictEqual(parseJson(rewritten), parseJson(body)) ? body : rewritten;
}

// As many as `dlq` opens; what is in more of them is a loop.
const MAX_ENVELOPES = 5;
// Deeper, no contract has a member; so deep nesting cannot overflow the stack.
const MAX_NESTING = 8;

function openBody(body: string, depth: number): string {
  const replayed = readReplayed(body);
  if (replayed !== undefined) return wrapReplayed({ ...replayed, body: openBody(replayed.body, depth + 1) });
  const message = parseJson(body);
  const enveloped = isObject(message) && depth < MAX_ENVELOPES ? envelopeWithoutPerson(message, depth) : undefined;
  return enveloped ?? eventWithoutPerson(body, depth);
}

/** What of an envelope of SNS or EventBridge says where its message came from; attributes of a message are its publisher's. */
const ENVELOPE_MEMBERS = [
  ...['Type', 'MessageId', 'TopicArn', 'Timestamp'],
  ...['version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources'],
];

function envelopeWithoutPerson(message: Record<string, unknown>, depth: number): string | undefined {
  const open = (event: unknown): unknown => JSON.parse(openBody(JSON.stringify(event), depth + 1));
  const { endpoint, event } = message;
  if (typeof endpoint === 'string' && isObject(event)) return JSON.stringify({ endpoint, event: open(event) });
  const envelope = tryTo(() => envelopeOf(message));
  if (envelope === undefined) return undefined;
  const kept = Object.entries(message).filter(([name]) => ENVELOPE_MEMBERS.includes(name));
  const content =
    envelope.wrapping === 'SNS envelope'
      ? { Message: openBody(envelope.content, depth + 1) }
      : { detail: open(message.detail) };
  return JSON.stringify({ ...Object.fromEntries(kept), ...content });
}

function eventWithoutPerson(body: string, depth: number): string {
  const event = tryTo(() => parseEvent(body, catalog));
  if (event !== undefined) return validEventWithoutPerson(event);
  const message = tryTo(() => readMessage(body)) ?? parseJson(body);
  const shown = isObject(message) ? shownPart(message, { members: () => SHOWN }, depth) : undefined;
  const orderId = orderIdOf({ body });
  const kept = isObject(shown) ? shown : {};
  const result = JSON.stringify(kept);
  // What is no JSON, or names its order where nothing is shown, is still the order's.
  if (orderId === undefined || orderIdOf({ body: result }) === orderId) return result;
  return JSON.stringify({ ...kept, data: { ...(isObject(kept.data) ? kept.data : {}), orderId } });
}

/** Whose `reason` is in somebody's own words. */
const WRITTEN_BY_PEOPLE: readonly string[] = [orderCancelRequested.type, orderRefundRequested.type];

function validEventWithoutPerson(event: ReturnType<typeof parseEvent<(typeof catalog)[number]>>): string {
  const { specversion, id, source, type, time, subject, datacontenttype, traceparent, data } = event;
  const { reason, ...rest } = { ...toRecord(withoutPerson(data)) };
  const kept = WRITTEN_BY_PEOPLE.includes(type) || reason === undefined ? rest : { ...rest, reason };
  const isOwn = subject !== undefined && subject === rest.orderId;
  return JSON.stringify({
    ...{ specversion, id, source, type, time },
    ...(isOwn ? { subject } : {}),
    ...{ datacontenttype, traceparent, data: kept },
  });
}

/** Copies of JSON what may be shown of it, and what the record of the money needs; `undefined` where that is nothing. */
function shownPart(value: unknown, field: Field, depth: number): unknown {
  if (depth > MAX_NESTING) return undefined;
  if (Array.isArray(value))
    return value.map((item) => shownPart(item, field, depth + 1)).filter((item) => item !== undefined);
  if (isObject(value)) return 'members' in field ? shownMembers(value, field.members(), depth + 1) : undefined;
  if ('shows' in field) return value !== null && field.shows(String(value)) ? value : undefined;
  return 'json' in field && typeof value === 'string' ? openBody(value, depth + 1) : undefined;
}

function shownMembers(value: Record<string, unknown>, fields: Readonly<Record<string, Field>>, depth: number): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      if (name === 'token') return [[name, FORGOTTEN_TOKEN]];
      if (name === 'reference' && typeof member === 'string') return [[name, member]];
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field === undefined || PERSONAL_MEMBERS.includes(name)) return [];
      const shown = shownPart(member, field, depth);
      return shown === undefined ? [] : [[name, shown]];
    }),
  );
}

const toRecord = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

/** Returns `undefined` where a message breaks its contract. */
function tryTo<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ContractError) return undefined;
    throw error;
  }
}
