import * as v from 'valibot';
import { orderId, sku } from '../contracts/order.ts';

// No order has a longer id than 64 characters, but a dead letter may name one that was refused for it.
const MAX_KNOWN_ID_CHARS = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

/** Parses an order's id; throws a sentence where the contract has no such id. */
export const orderIdArgument = (text: string): string => checked(orderId, "An order's id", text);

/** Parses a SKU; throws a sentence where the contract has no such SKU. */
export const skuArgument = (text: string): string => checked(sku, 'A SKU', text);

/** Parses the id of an order to look for, also one that broke the contract. Throws a sentence for what cannot be anybody's id. */
export function knownIdArgument(text: string): string {
  const isPossible = text !== '' && text.length <= MAX_KNOWN_ID_CHARS && text.isWellFormed();
  if (isPossible && !CONTROL_CHARACTER.test(text)) return text;
  throw new Error(`An order's id must be 1 to ${MAX_KNOWN_ID_CHARS} characters without control characters.`);
}

/** Returns a parser for a name, which throws a sentence where it is empty. */
export const nameArgument =
  (what: string) =>
  (text: string): string => {
    if (text.trim() === '') throw new Error(`${what} must not be empty.`);
    return text;
  };

function checked(schema: v.GenericSchema<unknown, string>, what: string, text: string): string {
  const parsed = v.safeParse(schema, text);
  if (parsed.success) return parsed.output;
  // Not the text itself: it may be of any length, and hold what a terminal obeys.
  throw new Error(`${what} ${parsed.issues[0].message}.`);
}
