import type { CountryCode } from 'libphonenumber-js/max';
import type { FrameSettings } from './text-frame.ts';

/** Hours of the day, 0 to 23, local to the number's country: no texts from `from` until `to`. */
export type QuietHours = { from: number; to: number };

/** Settings of a deployment for all texts. `infra/settings.ts` documents each. */
export type SmsSettings = FrameSettings & {
  /** The sender name that is shown, in countries that allow one. @default a number of Amazon's */
  senderId?: string;
  /** The country of numbers without a country code, ISO 3166-1 alpha-2. @default none: they are refused */
  defaultCountry?: CountryCode;
  /** Allowed countries and prefixes, such as `GB`, `+82` and `+447`. @default all but known premium-rate ranges */
  countries?: readonly string[];
  /** The maximum of texts to one number per UTC day; 0 means no limit. */
  perDay: number;
  /** The maximum price of a text in US dollars. SNS does not send a text that costs more. */
  maxPrice: string;
  /** @default none */
  quietHours?: QuietHours;
};
