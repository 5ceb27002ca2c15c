import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { timeZonesOf } from '../../../lambdas/notification/time-zones.ts';

const zonesOf = (country: string) => new Intl.Locale(`und-${country}`).getTimeZones() ?? [];

describe('The time zones that a number may be in', () => {
  test.each([
    ['Brazil, with Acre and Noronha', '+5568912345678', ['America/Rio_Branco', 'America/Sao_Paulo', 'America/Noronha']],
    ['Portugal, with the Azores', '+351912345678', ['Atlantic/Azores', 'Europe/Lisbon']],
    ['Spain, with the Canaries', '+34612345678', ['Atlantic/Canary', 'Europe/Madrid']],
    ['Peru', '+51912345678', ['America/Lima']],
    ['Nepal', '+9779841234567', ['Asia/Katmandu']],
    ['Korea', '+821012345678', ['Asia/Seoul']],
    ['the United States', '+12025550123', ['Pacific/Honolulu', 'America/New_York']],
    ['Canada', '+16045550123', ['America/Vancouver', 'America/St_Johns']],
    ['Russia', '+79161234567', ['Europe/Kaliningrad', 'Asia/Kamchatka']],
    ['Kazakhstan', '+77011234567', ['Asia/Almaty']],
    ['Australia and its islands', '+61412345678', ['Australia/Perth', 'Australia/Lord_Howe', 'Indian/Cocos']],
    ['Kosovo', '+38343201234', ['Europe/Belgrade']],
    ['a satellite', '+881612345678', ['UTC']],
  ])('are those of %s', (_, phone, zones) => {
    expect(timeZonesOf(phone)).toEqual(expect.arrayContaining(zones));
  });

  test('are not those of another country that shares the country code', () => {
    expect(timeZonesOf('+12025550123')).not.toContain('America/Vancouver');
    expect(timeZonesOf('+16045550123')).not.toContain('Pacific/Honolulu');
    expect(timeZonesOf('+18765550123')).toEqual(['America/Jamaica']);
    expect(timeZonesOf('+79161234567')).not.toContain('Asia/Almaty');
  });

  test('are those of every country that shares the country code where the country is unknown', () => {
    for (const phone of ['+15005550123', '+19991234567'])
      expect(timeZonesOf(phone)).toEqual(
        expect.arrayContaining(['America/New_York', 'Pacific/Guam', 'America/Port_of_Spain']),
      );
    expect(timeZonesOf('+447700900123')).toEqual(expect.arrayContaining(['Europe/London', 'Europe/Jersey']));
  });

  test.each(getCountries())('are at least all of the country: %s', (country) => {
    const phone = getExampleNumber(country, examples)?.number ?? '';
    const zones = timeZonesOf(phone);
    expect(zones).toEqual(expect.arrayContaining(zonesOf(country)));
    expect(zones).not.toEqual([]);
    expect(zones).not.toContain('UTC');
  });

  test('are known to the runtime, whatever the number is', () => {
    const numbers = fc.stringMatching(/^\+[1-9]\d{0,14}$/);
    fc.assert(
      fc.property(numbers, (phone) => {
        const zones = timeZonesOf(phone);
        expect(zones.length).toBeGreaterThan(0);
        for (const timeZone of zones) expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
