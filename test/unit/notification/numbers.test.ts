import { describe, expect, test } from 'vitest';
import { numberRefusal } from '../../../lambdas/notification/numbers.ts';

describe('numberRefusal', () => {
  test.each(['+821012345678', '+447700900123', '+12025550123', '+18765550123', '+491701234567', '+33612345678'])(
    "accepts a customer's number when all countries are allowed: %s",
    (phone) => expect(numberRefusal(phone)).toBeUndefined(),
  );

  test.each([
    '+8260700123',
    '+19005550123',
    '+449098790123',
    '+4490012345',
    '+881612345678',
    '+979123456789',
    '+81990123456',
  ])('refuses a premium-rate number, also in an allowed country: %s', (phone) => {
    expect(numberRefusal(phone)).toBe('premium-rate');
    expect(numberRefusal(phone, ['+82', '+1', '+44', '+81', '+90'])).toBe('premium-rate');
  });

  test('accepts a premium-rate number whose range is allowed explicitly', () => {
    expect(numberRefusal('+881612345678', ['+8816'])).toBeUndefined();
  });

  test('accepts a number whose country or own prefix is allowed, and refuses others', () => {
    expect(numberRefusal('+821012345678', ['+1', '+82'])).toBeUndefined();
    expect(numberRefusal('+447700900123', ['+447'])).toBeUndefined();
    expect(numberRefusal('+442079460123', ['+447'])).toBe('country');
    expect(numberRefusal('+491701234567', ['+1', '+82'])).toBe('country');
  });

  test.each([
    ['+447400123456', 'GB', ['IM', 'JE', 'GG', 'KR', 'US']],
    ['+447700900123', 'GB', ['GG']],
    ['+447624123456', 'IM', ['GB']],
    ['+79161234567', 'RU', ['KZ']],
    ['+77012345678', 'KZ', ['RU']],
    ['+12025550123', 'US', ['CA', 'PR']],
    ['+16045550123', 'CA', ['US']],
    ['+18765550123', 'JM', ['US']],
    ['+393471234567', 'IT', ['VA']],
    ['+61412345678', 'AU', ['CX', 'CC']],
  ])(
    'accepts a number by the ISO code of its own country only, which others may share a prefix with: %s',
    (phone, own, others) => {
      expect(numberRefusal(phone, [own])).toBeUndefined();
      expect(numberRefusal(phone, others)).toBe('country');
      expect(numberRefusal(phone, [...others, own])).toBeUndefined();
    },
  );

  test.each([
    ['+44', '+447624123456'],
    ['+7', '+77012345678'],
    ['+212', '+212661234567'],
  ])('a prefix lets in every country that shares it, save for +1: %s', (prefix, phone) => {
    expect(numberRefusal(phone, [prefix])).toBeUndefined();
  });

  test.each([
    ['+19005550123', 'US'],
    ['+449098790123', 'GB'],
    ['+33899123456', 'FR'],
  ])('a country by its ISO code does not let in its premium-rate numbers: %s', (phone, country) => {
    expect(numberRefusal(phone, [country])).toBe('premium-rate');
  });

  test('a number of no country is of none by its ISO code', () => {
    expect(numberRefusal('+999123456789', ['US'])).toBe('country');
    expect(numberRefusal('+881612345678', ['US', '+8816'])).toBeUndefined();
  });

  test('requires other +1 countries to be allowed by their own prefix', () => {
    expect(numberRefusal('+12025550123', ['+1'])).toBeUndefined();
    expect(numberRefusal('+16045550123', ['+1'])).toBeUndefined();
    expect(numberRefusal('+18765550123', ['+1'])).toBe('country');
    expect(numberRefusal('+18765550123', ['+1', '+1876'])).toBeUndefined();
  });

  test.each([
    ['a landline', '+8223123456'],
    ['an Italian landline', '+390612345678'],
    ['a toll-free number', '+18005550123'],
    ["a company's number", '+8215881234'],
    ['too short', '+8210123'],
    ['too long', '+82101234567890'],
    ['a trunk zero that the country does not know', '+3903471234567'],
    ['an area code that nobody has', '+19991234567'],
    ['an unknown country code', '+999123456789'],
  ])('refuses a number that cannot receive texts: %s', (_, phone) => {
    expect(numberRefusal(phone)).toBe('invalid-number');
    expect(numberRefusal(phone, [phone.slice(0, 3)])).toBe('invalid-number');
  });

  test.each([
    ['France', '+33899123456'],
    ['Switzerland', '+41901123456'],
    ['Spain', '+34803123456'],
    ['Britain', '+448711234567'],
    ['Germany', '+499001123456'],
    ['Australia', '+611901234567'],
  ])('refuses premium-rate numbers of %s unless their range is allowed', (_, phone) => {
    expect(numberRefusal(phone, [phone.slice(0, 3)])).toBe('premium-rate');
    expect(numberRefusal(phone, [phone.slice(0, 5)])).toBeUndefined();
  });

  test('knows the other countries that share +1 by every area code of theirs', () => {
    const areaCodes =
      '242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 809 829 849 868 869 876 939';
    for (const areaCode of areaCodes.split(' ')) {
      for (const number of ['5550123', '1550123'])
        expect(numberRefusal(`+1${areaCode}${number}`, ['+1'])).toBe('country');
    }
  });
});
