import type { Money } from '../../contracts/money.ts';

// Stripe counts as ISO 4217 does, but for these (https://docs.stripe.com/currencies#special-cases). The Icelandic króna and the
// Ugandan shilling have no minor unit and are sent as if they had hundredths; the ariary has one and is sent without.
const SENT_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
const SENT_WHOLE = new Set(['MGA']);
// Of thousandths the last digit must be 0.
const THOUSANDTHS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** Takes money in ISO 4217's minor unit and gives it in Stripe's; `undefined` where Stripe has no such amount. */
export function stripeMoney({ amount, currency }: Money): Money | undefined {
  const inStripes = SENT_IN_HUNDREDTHS.has(currency) ? amount * 100 : SENT_WHOLE.has(currency) ? amount / 100 : amount;
  const exists = Number.isSafeInteger(inStripes) && !(THOUSANDTHS.has(currency) && amount % 10 !== 0);
  return exists ? { amount: inStripes, currency: currency.toLowerCase() } : undefined;
}
