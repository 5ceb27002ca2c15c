// ISO 4217's digits after the decimal point, where they are not two. Not those of `Intl`, which leaves out change that nobody pays in.
const CODES_BY_DIGITS: readonly (readonly [digits: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];
const digitsByCode = new Map(
  CODES_BY_DIGITS.flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
);

/** Returns how many digits of an amount in `currency` (an ISO 4217 code) are its minor unit. */
export const minorDigits = (currency: string): number => digitsByCode.get(currency) ?? 2;

const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Converts a decimal amount, such as `12.30` or `1230e-2`, to the currency's minor unit, without floating point. What is smaller than
 * the minor unit is rounded, half away from zero. Throws `RangeError` for what is no decimal number, such as `1,230`.
 */
export function toMinorUnits(decimal: string | number, currency: string): number {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(String(decimal).trim()) ?? [];
  if (whole + fraction === '') throw new RangeError(`${JSON.stringify(decimal)} is not a decimal number`);
  const digits = BigInt(whole + fraction);
  const shift = minorDigits(currency) + Number(exponent) - fraction.length;
  const units = shift >= 0 ? digits * 10n ** BigInt(shift) : ((digits * 2n) / 10n ** BigInt(-shift) + 1n) / 2n;
  if (units > Number.MAX_SAFE_INTEGER) throw new RangeError('An amount is too large');
  return sign === '-' ? 0 - Number(units) : Number(units);
}
