import type { Money } from '../../contracts/money.ts';

// Stripe uses ISO 4217's minor units with these exceptions (https://docs.stripe.com/currencies#special-cases). The Icelandic króna
// and the Ugandan shilling have no minor unit but are sent in hundredths; the Malagasy ariary has one but is sent without it.
const SENT_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
const SENT_WITHOUT_MINOR_UNIT = new Set(['MGA']);
// The last of the three decimals must be 0.
const THREE_DECIMAL = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);
// Currencies without hundredths in ISO 4217 that Stripe does not list: it counts what it does not list in hundredths.
const UNLISTED = new Set(['CLF', 'IQD', 'LYD', 'UYI', 'UYW']);

/** Converts money from ISO 4217's minor unit to Stripe's. Returns `undefined` if Stripe cannot represent the amount. */
export function toStripeMoney({ amount, currency }: Money): Money | undefined {
  const stripeAmount = scale(amount, currency, SENT_IN_HUNDREDTHS, SENT_WITHOUT_MINOR_UNIT);
  const isRounded = !THREE_DECIMAL.has(currency) || amount % 10 === 0;
  if (!Number.isSafeInteger(stripeAmount) || !isRounded || UNLISTED.has(currency)) return undefined;
  return { amount: stripeAmount, currency: currency.toLowerCase() };
}

/** Converts money of Stripe's back to ISO 4217's minor unit. Stripe takes no fraction of a króna or of a Ugandan shilling. */
export function fromStripeMoney({ amount, currency }: Money): Money {
  const code = currency.toUpperCase();
  return { amount: Math.round(scale(amount, code, SENT_WITHOUT_MINOR_UNIT, SENT_IN_HUNDREDTHS)), currency: code };
}

function scale(amount: number, currency: string, up: ReadonlySet<string>, down: ReadonlySet<string>): number {
  if (up.has(currency)) return amount * 100;
  return down.has(currency) ? amount / 100 : amount;
}
