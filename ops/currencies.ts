/**
 * The digits after the decimal point of every currency and fund in ISO 4217: list one of its maintenance agency, published 2026-01-01
 * (https://www.six-group.com/en/products-services/financial-information/data-standards.html). `Intl` follows CLDR, which leaves out
 * change that nobody pays in. A code that ISO withdraws stays here as long as there may be orders in it.
 */
const CODES_BY_DIGITS = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY ' +
      'COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS ' +
      'INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR ' +
      'MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP ' +
      'STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
  // Withdrawn: Netherlands Antilles (2025), Bulgaria (2026).
  [2, 'ANG BGN'],
] as const;

const digitsByCode = new Map<string, number>(
  CODES_BY_DIGITS.flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
);

/** Lists the codes that `currencyDigits` knows. */
export const currencyCodes: readonly string[] = [...digitsByCode.keys()];

/** Returns how many digits of an amount are its minor unit; `undefined` for what has none, such as gold, and for unknown codes. */
export const currencyDigits = (code: string): number | undefined => digitsByCode.get(code);
