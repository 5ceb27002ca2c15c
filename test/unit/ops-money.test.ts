import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { currencyCodes, currencyDigits } from '../../ops/currencies.ts';
import { formatMoney } from '../../ops/format.ts';

const plainSpaces = (text: string) => text.replace(/\s/g, ' ');

/** Reads a formatted amount: its sign, its digits before the decimal point and those after it. Symbols may have a dot, as Cg. has. */
const readAmount = (text: string) => {
  const [units = '', fraction = ''] = text.replace(/^\D+/, '').replaceAll(',', '').split('.');
  return { sign: text.startsWith('-') ? -1 : 1, units, fraction };
};

describe('Money', () => {
  test.each([
    [12_000, 'KRW', '₩12,000'],
    [120, 'JPY', '¥120'],
    [12_900, 'EUR', '€129.00'],
    [-100_000, 'EUR', '-€1,000.00'],
    [0, 'USD', '$0.00'],
    [1_234, 'KWD', 'KWD 1.234'],
    [1_234_000, 'IQD', 'IQD 1,234.000'],
    [500_000, 'HUF', 'HUF 5,000.00'],
    [500_000, 'COP', 'COP 5,000.00'],
    [500_000, 'IDR', 'IDR 5,000.00'],
    [500_000, 'PKR', 'PKR 5,000.00'],
    [500_000, 'TWD', 'NT$5,000.00'],
    [500_000, 'ISK', 'ISK 500,000'],
    [500_000, 'UGX', 'UGX 500,000'],
    [12_345, 'CLF', 'CLF 1.2345'],
    [1_000_000_000_000, 'MMK', 'MMK 10,000,000,000.00'],
  ])('of %i minor units of %s is shown as %s', (amount, currency, shown) => {
    expect(plainSpaces(formatMoney({ amount, currency }))).toBe(shown);
  });

  test('can be read back in every currency', () => {
    expect(currencyCodes.length).toBeGreaterThan(160);
    fc.assert(
      fc.property(
        fc.constantFrom(...currencyCodes),
        fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }),
        (currency, amount) => {
          const { sign, units, fraction } = readAmount(formatMoney({ amount, currency }));
          expect(fraction).toHaveLength(currencyDigits(currency) ?? 0);
          expect(sign * Number(`${units}${fraction}`)).toBe(amount);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each(['ABC', 'XAU', 'XXX', '', 'won', 'undefined', '12'])(
    'in "%s", which has no minor unit, is shown as it is',
    (currency) => {
      expect(formatMoney({ amount: 500_000, currency })).toBe(`${currency} 500,000 minor units`);
    },
  );
});

describe('The digits of a currency', () => {
  const WITHOUT_CHANGE_IN_CLDR = 'AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR SOS SYP YER'.split(' ');

  test('are those of Intl, or more where Intl leaves out change that nobody pays in', () => {
    const different = currencyCodes.filter((currency) => {
      const { maximumFractionDigits = 0 } = new Intl.NumberFormat('en', {
        style: 'currency',
        currency,
      }).resolvedOptions();
      expect(currencyDigits(currency), currency).toBeGreaterThanOrEqual(maximumFractionDigits);
      return currencyDigits(currency) !== maximumFractionDigits;
    });
    expect(WITHOUT_CHANGE_IN_CLDR).toEqual(expect.arrayContaining(different));
  });

  test('are known for every code once', () => {
    expect(new Set(currencyCodes).size).toBe(currencyCodes.length);
    expect(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });
});
