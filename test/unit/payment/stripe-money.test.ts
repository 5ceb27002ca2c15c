import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromStripeMoney, toStripeMoney } from '../../../lambdas/payment/stripe-money.ts';
import { currencyCodes, currencyDigits } from '../../../ops/currencies.ts';

// https://docs.stripe.com/currencies: currencies are in hundredths unless they are on one of these lists.
const STRIPE_ZERO_DECIMAL = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
const STRIPE_THREE_DECIMAL = 'BHD JOD KWD OMR TND'.split(' ');

function stripeDigits(currency: string): number {
  if (STRIPE_ZERO_DECIMAL.includes(currency)) return 0;
  return STRIPE_THREE_DECIMAL.includes(currency) ? 3 : 2;
}

describe('toStripeMoney', () => {
  test.each([
    ['12,000 won unchanged', 12_000, 'KRW', 12_000],
    ['120 yen unchanged', 120, 'JPY', 120],
    ['120.00 euros unchanged', 12_000, 'EUR', 12_000],
    ['5 krónur to hundredths, as Stripe requires', 5, 'ISK', 500],
    ['5 Ugandan shillings to hundredths, as Stripe requires', 5, 'UGX', 500],
    ['7.00 ariary to whole units, as Stripe requires', 700, 'MGA', 7],
    ['5.120 dinars unchanged', 5_120, 'KWD', 5_120],
    // Hundredths in charges; in payouts only, Stripe treats them as whole units.
    ['5,000.00 forints unchanged', 500_000, 'HUF', 500_000],
    ['5,000.00 Taiwan dollars unchanged', 500_000, 'TWD', 500_000],
    ['5,000.00 rupiah unchanged', 500_000, 'IDR', 500_000],
    ['5,000.00 kip unchanged', 500_000, 'LAK', 500_000],
  ])('converts %s', (_, amount, currency, inStripes) => {
    expect(toStripeMoney({ amount, currency })).toEqual({ amount: inStripes, currency: currency.toLowerCase() });
  });

  test.each([
    ['5.124 dinars, because Stripe takes no thousandths', 5_124, 'KWD'],
    ['7.20 ariary, because Stripe takes whole units', 720, 'MGA'],
    ['5.120 Iraqi dinars, because Stripe would count them in hundredths', 5_120, 'IQD'],
  ])('refuses %s', (_, amount, currency) => {
    expect(toStripeMoney({ amount, currency })).toBeUndefined();
  });

  test.each(currencyCodes)('never changes what an amount of %s is worth', (currency) => {
    // In ten-thousandths of the currency.
    const worth = (amount: number, digits: number) => BigInt(amount) * 10n ** BigInt(4 - digits);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000_000 }), (units) => {
        const amount = units * 100;
        const money = toStripeMoney({ amount, currency });
        if (money === undefined) return ['CLF', 'IQD', 'LYD', 'UYI', 'UYW'].includes(currency);
        return worth(money.amount, stripeDigits(currency)) === worth(amount, currencyDigits(currency) ?? 0);
      }),
    );
  });
});

describe('fromStripeMoney', () => {
  test.each(currencyCodes)('gives back every amount of %s that Stripe can represent', (currency) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (amount) => {
        const money = toStripeMoney({ amount, currency });
        if (money !== undefined) expect(fromStripeMoney(money)).toEqual({ amount, currency });
      }),
    );
  });
});
