import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { numberRefusal } from '../../../lambdas/notification/numbers.ts';
import { readPhone } from '../../../lambdas/notification/phone.ts';

describe('A phone number', () => {
  test.each([
    ['010-1234-5678', '+821012345678'],
    ['010 1234 5678', '+821012345678'],
    ['010.1234.5678', '+821012345678'],
    ['1012345678', '+821012345678'],
    ['+82 10 1234 5678', '+821012345678'],
    ['82-10-1234-5678', '+821012345678'],
    ['(+82) 10-1234-5678', '+821012345678'],
    ['+82 (0)10 1234 5678', '+821012345678'],
    ['+8201012345678', '+821012345678'],
    ['0082 10 1234 5678', '+821012345678'],
    ['(00)82 10 1234 5678', '+821012345678'],
    ['0044 7911 123456', '+447911123456'],
    ['0081 90 1234 5678', '+819012345678'],
    ['+44 (0)7911 123456', '+447911123456'],
    ['+39 06 1234 5678', '+390612345678'],
    ['+39 347 123 4567', '+393471234567'],
    ['+1 (242) 359-1234', '+12423591234'],
    ['０１０－１２３４－５６７８', '+821012345678'],
    ['＋８２　１０　１２３４　５６７８', '+821012345678'],
    ['００８２ １０ １２３４ ５６７８', '+821012345678'],
    ['٠١٠١٢٣٤٥٦٧٨', '+821012345678'],
    ['\u202a+82 10 1234 5678\u202c', '+821012345678'],
    ['  +82\u00a010\u20111234\u20115678  ', '+821012345678'],
  ])('is read as a Korean shop gets it: %s', (text, number) => {
    expect(readPhone(text, 'KR')).toBe(number);
  });

  test.each([
    ['US', '(415) 555-2671', '+14155552671'],
    ['US', '1-415-555-2671', '+14155552671'],
    ['US', '011 44 7911 123456', '+447911123456'],
    ['US', '0044 7911 123456', '+447911123456'],
    ['JP', '090-1234-5678', '+819012345678'],
    ['JP', '010 82 10 1234 5678', '+821012345678'],
    ['GB', '07911 123456', '+447911123456'],
    ['IT', '06 1234 5678', '+390612345678'],
    ['BS', '359-1234', '+12423591234'],
  ] as const)('without country code is one of the default country %s: %s', (country, text, number) => {
    expect(readPhone(text, country)).toBe(number);
  });

  test.each(['010-1234-5678', '1012345678', '821012345678'])(
    'without country code is none where there is no default country: %s',
    (text) => expect(readPhone(text)).toBeUndefined(),
  );

  test.each(['+82 10 1234 5678', '0082 10 1234 5678', '+8201012345678'])(
    'with a country code needs no default country: %s',
    (text) => expect(readPhone(text)).toBe('+821012345678'),
  );

  test.each([
    '?',
    '',
    '-',
    '0',
    '+',
    'n/a',
    '000-0000-0000',
    '010-1234-5678 x12',
    '+82 10 1234 5678 ext. 3',
    '+82 10 1234 5678;ext=3',
    '+82 10 1234 5678 / +82 10 8765 4321',
    'call +821012345678',
    '+821012345678 (mother)',
    '+999 1234 5678',
    '+82+821012345678',
    '1-800-FLOWERS',
  ])('is not read out of %s', (text) => {
    expect(readPhone(text, 'KR')).toBeUndefined();
  });

  const mobiles = getCountries().flatMap((country) => getExampleNumber(country, examples) ?? []);

  test('is the same in each way of writing it, in any country', () => {
    const written = fc.constantFrom(...mobiles).chain((phone) =>
      fc
        .constantFrom(
          phone.number,
          phone.formatInternational(),
          phone.formatNational(),
          phone.formatInternational().replace('+', '00'),
          phone.formatNational().replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
        )
        .map((text) => ({ phone, text })),
    );
    fc.assert(
      fc.property(written, ({ phone, text }) => {
        expect(readPhone(text, phone.country)).toBe(phone.number);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is read from itself unchanged, whatever the default country is then', () => {
    const countries = fc.constantFrom(undefined, ...getCountries());
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), countries, countries, (text, then, now) => {
        const number = readPhone(text, then);
        if (number !== undefined) expect(readPhone(number, now)).toBe(number);
      }),
    );
    for (const { number } of mobiles) expect(readPhone(number, 'KR')).toBe(number);
  });

  test('of a mobile can be texted in every country', () => {
    const refused = mobiles.filter(({ number }) => numberRefusal(number) !== undefined);
    expect(refused.map(({ number }) => number)).toEqual([]);
  });
});
