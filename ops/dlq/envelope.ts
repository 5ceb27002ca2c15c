import { envelopeOf, type Wrapping } from '../../contracts/parse.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { joinTokens, memberRange, parseJson, type TokenizedText, tokenize } from './json-text.ts';

/** An event, and what it came in: `wrap` puts an event into the same envelopes again, which stay byte for byte. */
export type Enveloped = { event: string; wrap: (event: string) => string };

// As many as the consumers unwrap, and one.
const MAX_ENVELOPES = 4;

/** Takes an event out of the envelopes of SNS and EventBridge that its publisher put it in, as the consumers do, in the very text in which it is there. */
export function openEnvelopes(body: string): Enveloped {
  let opened: Enveloped = { event: body, wrap: (event) => event };
  for (let envelopes = 0; envelopes < MAX_ENVELOPES; envelopes += 1) {
    const wrapping = wrappingOf(opened.event);
    if (wrapping === undefined) return opened;
    const outer = opened;
    const inner = wrapping === 'SNS envelope' ? openText(outer.event, 'Message') : openObject(outer.event, 'detail');
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

/** Tells whether a consumer publishes the bare event of a wrapped message for those whose subscriptions did not let it through. */
export function forwardsWrapped(consumer: string): boolean {
  const routes: Readonly<Record<string, Route>> = routing;
  return Object.hasOwn(routes, consumer) && routes[consumer]?.may?.includes('forward-unwrapped') === true;
}

function wrappingOf(text: string): Wrapping | undefined {
  const message = objectIn(text);
  try {
    return message && envelopeOf(message)?.wrapping;
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
