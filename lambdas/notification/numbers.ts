import type { RefusalReason } from '../../contracts/notification.ts';

// Global services, satellite and international networks, none of which is a customer's phone (ITU-T E.164, list of assigned
// codes), and national premium-rate ranges.
const PREMIUM_RATE = [
  ...['+800', '+808', '+870', '+878', '+881', '+882', '+883', '+888', '+979'],
  // North America 900 and 976, Britain 09 and 0871 to 0873, Germany 0900, France 089, Japan 0990, Korea 060, Australia 190.
  ...['+1900', '+1976', '+449', '+44871', '+44872', '+44873', '+49900', '+3389', '+81990', '+8260', '+61190'],
];

// Area codes of other countries in the North American Numbering Plan (+1): known targets of SMS pumping fraud.
const OTHER_NANP = new Set(
  '242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 809 829 849 868 869 876 939'.split(
    ' ',
  ),
);

/**
 * Returns why an E.164 number may not be texted, or `undefined` if it may. `countries` lists the allowed prefixes (absent: any).
 * A premium-rate range is refused unless the list names that range itself. `+1` allows the United States and Canada only;
 * other countries that share it have to be named: `+1876`.
 */
export function numberRefusal(phone: string, countries?: readonly string[]): RefusalReason | undefined {
  const premiumLength = maxLength(PREMIUM_RATE.filter((range) => phone.startsWith(range)));
  if (countries === undefined) return premiumLength > 0 ? 'premium-rate' : undefined;
  const allowedLength = maxLength(
    countries.filter((prefix) => phone.startsWith(prefix) && !(prefix === '+1' && isOtherNanp(phone))),
  );
  if (allowedLength === 0) return premiumLength > 0 ? 'premium-rate' : 'country';
  return allowedLength < premiumLength ? 'premium-rate' : undefined;
}

const maxLength = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));

const isOtherNanp = (phone: string): boolean => OTHER_NANP.has(phone.slice(2, 5));
