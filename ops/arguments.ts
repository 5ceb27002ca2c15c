import * as v from 'valibot';
import { boundedText } from '../contracts/cloud-event.ts';
import { amount, integer } from '../contracts/money.ts';
import { type Line, MAX_PIECES, orderId, refundId, sku } from '../contracts/order.ts';

// No order has a longer id than 64 characters, but a dead letter may name one that was refused for it.
const MAX_KNOWN_ID_CHARS = 256;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

/** Parses an order's id; throws a sentence where the contract has no such id. */
export const orderIdArgument = (text: string): string => checked(orderId, "An order's id", text);

/** Parses a SKU; throws a sentence where the contract has no such SKU. */
export const skuArgument = (text: string): string => checked(sku, 'A SKU', text);

/** Parses a refund's id; throws a sentence where the contract has no such id. */
export const refundIdArgument = (text: string): string => checked(refundId, "A refund's id", text);

const reason = boundedText(200);

/** Parses a customer's reason; throws a sentence where it is longer than consumers read. */
export const reasonArgument = (text: string): string => checked(reason, 'The reason', text);

/** Parses an amount in the minor unit of a currency; throws a sentence for anything else, a decimal point included. */
export function amountArgument(text: string): number {
  const parsed = v.safeParse(amount, toNumber(text));
  if (parsed.success) return parsed.output;
  throw new Error("The amount must be a whole number in the currency's minor unit: 12000 is 12,000 KRW or 120.00 EUR.");
}

const pieces = integer(1, MAX_PIECES);

/** Parses `sku=quantity`, where the SKU may contain `=`, and adds it to those that came before. Throws a sentence where it is none. */
export function itemArgument(text: string, before: readonly Line[] = []): Line[] {
  const end = text.lastIndexOf('=');
  if (end === -1) throw new Error('An item is sku=quantity, such as KB-01=1.');
  const quantity = v.safeParse(pieces, toNumber(text.slice(end + 1)));
  if (!quantity.success) throw new Error(`An item's quantity must be a whole number from 1 to ${MAX_PIECES}.`);
  return [...before, { sku: skuArgument(text.slice(0, end)), quantity: quantity.output }];
}

const toNumber = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);

/** Tells whether a text can be an order's id, also one that broke the contract. */
export const isKnownId = (text: string): boolean =>
  text !== '' && text.length <= MAX_KNOWN_ID_CHARS && text.isWellFormed() && !CONTROL_CHARACTER.test(text);

/** Parses the id of an order to look for. Throws a sentence for what cannot be anybody's id. */
export function knownIdArgument(text: string): string {
  if (isKnownId(text)) return text;
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
