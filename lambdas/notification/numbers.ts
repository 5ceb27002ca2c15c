import { type CountryCode, type NumberType, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { RefusalReason } from '../../contracts/notification.ts';

// Ranges that are refused at any length: global services, satellite and international networks, none of which is a customer's phone
// (ITU-T E.164, list of assigned codes), Britain 09 and Korea 060. The library knows other countries' premium-rate numbers.
const PREMIUM_RATE = [
  ...['+800', '+808', '+870', '+878', '+881', '+882', '+883', '+888', '+979'],
  ...['+449', '+8260'],
];

/** Kinds of numbers that receive no texts. */
const WITHOUT_TEXTS: ReadonlySet<NumberType> = new Set([
  'FIXED_LINE',
  'TOLL_FREE',
  'SHARED_COST',
  'UAN',
  'VOICEMAIL',
  'PAGER',
]);

// Numbers that Ofcom keeps for fiction, which examples and tests use: the library calls them invalid. Nobody has one.
const FICTIONAL_MOBILE = /^\+447700900\d{3}$/;

/**
 * Returns why an E.164 number may not be texted, or `undefined` if it may. `countries` lists what is allowed (absent: any): countries by their
 * ISO codes, and prefixes. A premium-rate number is refused unless a prefix names its range itself. `+1` allows the United States and Canada
 * only; other countries that share it have to be named: `JM` or `+1876`. `invalid-number`: a landline, or in no range that its country has assigned.
 */
export function numberRefusal(phone: string, countries: readonly string[] = ['+']): RefusalReason | undefined {
  const number = parsePhoneNumberFromString(phone);
  const premiumLength = premiumRangeLength(phone, number);
  const allowedLength = maxLength(countries.map((allowed) => matchingPrefix(allowed, phone, number)));
  if (allowedLength < premiumLength) return 'premium-rate';
  if (allowedLength === 0) return 'country';
  return FICTIONAL_MOBILE.test(phone) || canReceiveTexts(number) ? undefined : 'invalid-number';
}

/**
 * Returns the country of an E.164 number, `undefined` if it is of none. Where several have one range, as Italy and the Vatican, it is the one
 * that the library names first.
 */
export const countryOf = (phone: string): CountryCode | undefined =>
  FICTIONAL_MOBILE.test(phone) ? 'GB' : parsePhoneNumberFromString(phone)?.country;

/** Returns the prefix by which an entry of the list allows a number, that of the whole country where it names one; empty if it does not. */
function matchingPrefix(allowed: string, phone: string, number: PhoneNumber | undefined): string {
  if (!allowed.startsWith('+')) return countryOf(phone) === allowed ? `+${number?.countryCallingCode}` : '';
  return phone.startsWith(allowed) && !(allowed === '+1' && isOtherNanp(number)) ? allowed : '';
}

/** Returns how long an allowed prefix must be to name the number's premium-rate range, 0 if it is in none. */
function premiumRangeLength(phone: string, number: PhoneNumber | undefined): number {
  const listed = maxLength(PREMIUM_RATE.filter((range) => phone.startsWith(range)));
  if (listed > 0 || number?.getType() !== 'PREMIUM_RATE') return listed;
  return `+${number.countryCallingCode}`.length + 1;
}

/** Tells whether a number is of another country in the North American Numbering Plan: a known target of SMS pumping fraud. */
const isOtherNanp = (number: PhoneNumber | undefined): boolean =>
  number?.country !== undefined && number.country !== 'US' && number.country !== 'CA';

function canReceiveTexts(number: PhoneNumber | undefined): boolean {
  const type = number?.getType();
  return type !== undefined && !WITHOUT_TEXTS.has(type);
}

const maxLength = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
