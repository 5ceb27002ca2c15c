import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';

// Marks that phones and web pages put around a number for its direction; nobody sees them.
const INVISIBLE = /\p{Cf}/gu;
const BRACKETS = /[()（）]/g;
// The digits that the library reads: ASCII, full-width, Arabic-Indic and Persian.
const LEADING_ZEROS = /^[0０٠۰]{2}/;

/**
 * Tells whether a text may be meant for a number in E.164: it is read as that number, as a number of that number's country, or as none. The
 * country, because the same text is read as another number once the setting `smsDefaultCountry` has changed.
 */
export const mayBePhone = (text: string, number: string, defaultCountry?: CountryCode): boolean => {
  const read = readPhone(text, defaultCountry);
  return (
    read === undefined || read === number || readPhone(text, parsePhoneNumberFromString(number)?.country) === number
  );
};

/** Returns the characters of a phone field that can be seen; an empty text if there are none. */
export const visiblePhone = (phone: string): string => phone.replace(INVISIBLE, '').trim();

/**
 * Reads a number as people and platforms write it. Returns it in E.164, with the country's trunk prefix removed or kept as that country
 * does. A number without country code is `defaultCountry`'s. `00` means `+` whatever the country (ITU-T E.164), other international
 * prefixes those of `defaultCountry`. Returns `undefined` for what is no single number, or has an extension: a switchboard takes no texts.
 */
export function readPhone(phone: string, defaultCountry?: CountryCode): string | undefined {
  const text = visiblePhone(phone).replace(BRACKETS, ' ').trim().replace(LEADING_ZEROS, '+');
  const number = parsePhoneNumberFromString(text, { ...(defaultCountry && { defaultCountry }), extract: false });
  return number?.ext === undefined ? number?.number : undefined;
}
