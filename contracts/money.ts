import * as v from 'valibot';
import { textMatching } from './cloud-event.ts';

/** A schema for a whole number between `least` and `most`. */
export const integer = (least: number, most: number) =>
  v.pipe(
    v.number('must be a number'),
    v.safeInteger('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );

// 10^12 minor units keeps every sum of an order's lines a safe integer.
const LARGEST_AMOUNT = 1_000_000_000_000;

const IN_MINOR_UNITS = "In the currency's minor unit: 12000 is 12,000 KRW or 120.00 EUR.";

/** An amount in the currency's minor unit (12000 is 12,000 KRW or 120.00 EUR), zero allowed. */
export const amount = v.pipe(integer(0, LARGEST_AMOUNT), v.description(IN_MINOR_UNITS));

/** Money to be paid: at least one minor unit, with its ISO 4217 currency. */
export const money = v.object(
  {
    amount: v.pipe(integer(1, LARGEST_AMOUNT), v.description(IN_MINOR_UNITS)),
    currency: textMatching(/^[A-Z]{3}$/, 'an ISO 4217 code such as KRW'),
  },
  'must be an object',
);

export type Money = v.InferOutput<typeof money>;

/** Takes two amounts and gives true if they are the same money. */
export const sameMoney = (one: Money, other: Money): boolean =>
  one.amount === other.amount && one.currency === other.currency;
