import { masked } from '../output.ts';
import { parsed } from './letter.ts';

// What these are called in our events, and what a poisonous message may call them instead.
const PERSONAL = /phone|mobile|token|e-?mail|password|secret|address/i;
const HIDDEN = '…';
// A phone number stands wherever somebody has put it, with a plus or as nine digits and more.
const NUMBER = /\+\d{6,15}|\b\d{9,15}\b|\b0\d{1,2}[ -]\d{3,4}[ -]\d{4}\b/g;

/** Takes a message body and gives it without phone numbers and payment tokens, JSON laid out for reading. */
export function maskedBody(body: string, layout?: number): string {
  const message = parsed(body);
  if (typeof message === 'object' && message !== null) return JSON.stringify(maskedValue(message, false), null, layout);
  return body
    .replaceAll(
      /("?(?:phone|mobile|token|e-?mail|password|secret|address)\w*"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)/gi,
      `$1"${HIDDEN}"`,
    )
    .replaceAll(/\btok_\w+/g, HIDDEN)
    .replaceAll(NUMBER, (phone) => masked(phone));
}

function maskedValue(value: unknown, personal: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => maskedValue(one, personal));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, maskedValue(inner, personal || PERSONAL.test(name))]),
    );
  }
  if (typeof value === 'string') return maskedText(value, personal);
  return personal && typeof value === 'number' ? HIDDEN : value;
}

function maskedText(text: string, personal: boolean): string {
  if (personal) return /^\+?\d{9,15}$/.test(text) ? masked(text) : HIDDEN;
  return text.replaceAll(/\btok_\w+/g, HIDDEN).replaceAll(NUMBER, (phone) => masked(phone));
}

/** Takes text from a message and gives it fit for a terminal, which would obey its control characters. */
export const harmless = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (sign) => (sign === '\n' || sign === '\t' ? sign : '\u{fffd}'));
