import * as v from 'valibot';
import { textMatching } from './cloud-event.ts';

/** Builds a schema for a whole number from `min` to `max`, both included. */
export const integer = (min: number, max: number) =>
  v.pipe(
    v.number('must be a number'),
    v.safeInteger('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );

// Up to 10^12 minor units, so the sums of a valid order are safe integers.
const MAX_AMOUNT = 1_000_000_000_000;

const MINOR_UNITS_DESCRIPTION = "In the currency's minor unit (ISO 4217): 12000 is 12,000 KRW or 120.00 EUR.";

/** An amount in the currency's minor unit (12000 is 12,000 KRW or 120.00 EUR). May be zero. */
export const amount = v.pipe(integer(0, MAX_AMOUNT), v.description(MINOR_UNITS_DESCRIPTION));

/** An amount in the currency's minor unit that may be negative, such as a discount. */
export const signedAmount = v.pipe(integer(-MAX_AMOUNT, MAX_AMOUNT), v.description(MINOR_UNITS_DESCRIPTION));

const moneyEntries = {
  amount,
  currency: textMatching(/^[A-Z]{3}$/, 'an ISO 4217 code such as KRW'),
};

/** An amount, with its ISO 4217 currency code. May be zero: a coupon can pay for everything. */
export const money = v.pipe(v.object(moneyEntries, 'must be an object'), v.title('Money'));

export type Money = v.InferOutput<typeof money>;

/** Compares amount and currency. */
export const sameMoney = (one: Money, other: Money): boolean =>
  one.amount === other.amount && one.currency === other.currency;
