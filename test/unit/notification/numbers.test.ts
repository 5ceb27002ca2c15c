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

  test('requires other +1 countries to be allowed by their own prefix', () => {
    expect(numberRefusal('+12025550123', ['+1'])).toBeUndefined();
    expect(numberRefusal('+18765550123', ['+1'])).toBe('country');
    expect(numberRefusal('+18765550123', ['+1', '+1876'])).toBeUndefined();
  });
});
