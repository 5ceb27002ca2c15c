import type { RefusalReason } from '../../contracts/notification.ts';

// Global services, satellites and international networks, of which none is a customer's telephone (ITU-T E.164, list of
// assigned codes), and ranges of some countries that the caller pays dearly for.
const PREMIUM_RATE = [
  ...['+800', '+808', '+870', '+878', '+881', '+882', '+883', '+888', '+979'],
  // North America 900 and 976, Britain 09 and 0871 to 0873, Germany 0900, France 089, Japan 0990, Korea 060, Australia 190.
  ...['+1900', '+1976', '+449', '+44871', '+44872', '+44873', '+49900', '+3389', '+81990', '+8260', '+61190'],
];

// Countries that share +1 with the United States and Canada; texts that they are sent in bulk are a known fraud.
const OTHER_NANP = new Set(
  '242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 809 829 849 868 869 876 939'.split(
    ' ',
  ),
);

/**
 * Takes an E.164 number and what numbers may begin with (absent: anything) and gives why it gets no text, if so. A dear range is
 * refused unless it is named itself; `+1` is the United States and Canada, and whoever shares it has to be named: `+1876`.
 */
export function numberRefusal(phone: string, countries?: readonly string[]): RefusalReason | undefined {
  const dear = longestLength(PREMIUM_RATE.filter((range) => phone.startsWith(range)));
  if (countries === undefined) return dear > 0 ? 'premium-rate' : undefined;
  const named = longestLength(
    countries.filter((one) => phone.startsWith(one) && !(one === '+1' && isOtherNanp(phone))),
  );
  if (named === 0) return dear > 0 ? 'premium-rate' : 'country';
  return named < dear ? 'premium-rate' : undefined;
}

const longestLength = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));

const isOtherNanp = (phone: string): boolean => OTHER_NANP.has(phone.slice(2, 5));
