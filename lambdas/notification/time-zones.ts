import { type CountryCode, PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';

// https://tc39.es/proposal-intl-locale-info/, which TypeScript's libraries do not have yet.
declare global {
  namespace Intl {
    interface Locale {
      /** Returns the zones of the locale's region by their names in the IANA database. */
      getTimeZones(): string[] | undefined;
    }
  }
}

/** Zones of the regions for which ICU lists none. */
const UNLISTED: Partial<Record<CountryCode, string>> = {
  AC: 'Atlantic/St_Helena',
  TA: 'Atlantic/St_Helena',
  XK: 'Europe/Belgrade',
};

/**
 * Lists the time zones that an E.164 number may be in: all of its country, or of each country that may have assigned it, such as those that share
 * `+1`. A number of no country, such as a satellite phone's, counts as UTC.
 */
export function timeZonesOf(phone: string): readonly string[] {
  const zones = countriesOf(phone).flatMap((country) => {
    const listed = new Intl.Locale(`und-${country}`).getTimeZones() ?? [];
    return listed.length > 0 ? listed : (UNLISTED[country] ?? []);
  });
  return zones.length > 0 ? zones : ['UTC'];
}

/** Lists the countries in which a number is assigned; all with its country code if it is in none. */
function countriesOf(phone: string): readonly CountryCode[] {
  if (parsePhoneNumberFromString(phone) === undefined) return [];
  const sharing = new PhoneNumber(phone).getPossibleCountries();
  const assigning = sharing.filter((country) => Object.assign(new PhoneNumber(phone), { country }).isValid());
  return assigning.length > 0 ? assigning : sharing;
}
