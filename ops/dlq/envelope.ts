import { envelopeOf, type Wrapping } from '../../contracts/parse.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { joinTokens, memberRange, parseJson, type TokenizedText, tokenize } from './json-text.ts';

/** An event, and what it came in: `wrap` puts an event into the same envelopes again, which stay byte for byte. */
export type Enveloped = { event: string; wrap: (event: string) => string };

// As many as the consumers unwrap, and one.
const MAX_ENVELOPES = 4;

/**
 * Takes an event out of the envelopes of SNS and EventBridge that its publisher put it in, as the consumers do, and out of that of an endpoint,
 * in the very text in which it is there.
 */
export function openEnvelopes(body: string): Enveloped {
  let opened: Enveloped = { event: body, wrap: (event) => event };
  for (let envelopes = 0; envelopes < MAX_ENVELOPES; envelopes += 1) {
    const outer = opened;
    const inner = openOne(outer.event);
    if (inner === undefined) return outer;
    opened = { event: inner.event, wrap: (event) => outer.wrap(inner.wrap(event)) };
  }
  return opened;
}

/** Removes the envelope in which SNS or EventBridge put a message that they could not deliver into a dead-letter queue. */
export function withoutDeliveryEnvelope(body: string, sender: string): string {
  const message = objectIn(body);
  if (sender === 'eventBridge' && message !== undefined && 'detail-type' in message && 'detail' in message) {
    return openObject(body, 'detail').event;
  }
  const isNotification = message?.Type === 'Notification' && typeof message.Message === 'string';
  return sender === 'sns' && isNotification ? openText(body, 'Message').event : body;
}

/**
 * Tells whether a consumer needs the envelope of a message: to publish the bare event for those whose subscriptions did not let it through, or
 * because it says for which endpoint the event is.
 */
export function needsEnvelope(consumer: string): boolean {
  const routes: Readonly<Record<string, Route>> = routing;
  const forwards = Object.hasOwn(routes, consumer) && routes[consumer]?.may?.includes('forward-unwrapped') === true;
  return forwards || consumer === 'webhooks';
}

/** Opens the outermost envelope; `undefined` where there is none. */
function openOne(text: string): Enveloped | undefined {
  const message = objectIn(text);
  if (message === undefined) return undefined;
  if (isForEndpoint(message)) return openObject(text, 'event');
  const wrapping = wrappingOf(message);
  if (wrapping === undefined) return undefined;
  return wrapping === 'SNS envelope' ? openText(text, 'Message') : openObject(text, 'detail');
}

const isForEndpoint = ({ endpoint, event }: Record<string, unknown>): boolean =>
  typeof endpoint === 'string' && typeof event === 'object' && event !== null;

function wrappingOf(message: Record<string, unknown>): Wrapping | undefined {
  try {
    return envelopeOf(message)?.wrapping;
  } catch {
    // What SNS itself sends is no event, and cannot be opened.
    return undefined;
  }
}

function objectIn(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** Opens an envelope that has the event as text. */
function openText(envelope: string, name: string): Enveloped {
  const { text, replace } = member(envelope, name);
  return { event: String(JSON.parse(text)), wrap: (event) => replace(JSON.stringify(event)) };
}

/** Opens an envelope that has the event as an object. */
function openObject(envelope: string, name: string): Enveloped {
  const { text, replace } = member(envelope, name);
  return { event: text, wrap: replace };
}

function member(envelope: string, name: string): { text: string; replace: (value: string) => string } {
  const whole = tokenize(envelope);
  const { start = 0, end = 0 } = memberRange(whole.tokens, name) ?? {};
  const space = whole.tokens[start]?.space ?? '';
  const text = joinTokens({ tokens: whole.tokens.slice(start, end), end: '' }).slice(space.length);
  return { text, replace: (value) => joinTokens(spliced(whole, start, end, { space, text: value })) };
}

const spliced = ({ tokens, end }: TokenizedText, from: number, to: number, token: TokenizedText['tokens'][0]) => ({
  tokens: tokens.toSpliced(from, to - from, token),
  end,
});
