import { expect, test } from 'vitest';
import { toStripeMoney } from '../../../lambdas/payment/stripe-money.ts';

// https://docs.stripe.com/currencies
test.each([
  ['12,000 won', 12_000, 'KRW', 12_000],
  ['120 yen', 120, 'JPY', 120],
  ['120.00 euros', 12_000, 'EUR', 12_000],
  ['5 krónur, which Stripe wants in hundredths', 5, 'ISK', 500],
  ['5 Ugandan shillings, likewise', 5, 'UGX', 500],
  ['7.00 ariary, which Stripe wants whole', 700, 'MGA', 7],
  ['5.120 dinars', 5_120, 'KWD', 5_120],
])('%s', (_, amount, currency, inStripes) => {
  expect(toStripeMoney({ amount, currency })).toEqual({ amount: inStripes, currency: currency.toLowerCase() });
});

test.each([
  ['5.124 dinars, of which Stripe takes no thousandths', 5_124, 'KWD'],
  ['7.20 ariary', 720, 'MGA'],
])('%s, cannot be charged', (_, amount, currency) => {
  expect(toStripeMoney({ amount, currency })).toBeUndefined();
});
