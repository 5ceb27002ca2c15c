import { expect, test } from 'vitest';
import { toStripeMoney } from '../../../lambdas/payment/stripe-money.ts';

// https://docs.stripe.com/currencies
test.each([
  ['12,000 won unchanged', 12_000, 'KRW', 12_000],
  ['120 yen unchanged', 120, 'JPY', 120],
  ['120.00 euros unchanged', 12_000, 'EUR', 12_000],
  ['5 krónur to hundredths, as Stripe requires', 5, 'ISK', 500],
  ['5 Ugandan shillings to hundredths, as Stripe requires', 5, 'UGX', 500],
  ['7.00 ariary to whole units, as Stripe requires', 700, 'MGA', 7],
  ['5.120 dinars unchanged', 5_120, 'KWD', 5_120],
])('toStripeMoney converts %s', (_, amount, currency, inStripes) => {
  expect(toStripeMoney({ amount, currency })).toEqual({ amount: inStripes, currency: currency.toLowerCase() });
});

test.each([
  ['5.124 dinars, because Stripe takes no thousandths', 5_124, 'KWD'],
  ['7.20 ariary, because Stripe takes whole units', 720, 'MGA'],
])('toStripeMoney refuses %s', (_, amount, currency) => {
  expect(toStripeMoney({ amount, currency })).toBeUndefined();
});
