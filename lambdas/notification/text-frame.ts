import type { CountryCode } from 'libphonenumber-js/max';
import { countryOf } from './numbers.ts';
import type { TextFrame, Translated } from './texts.ts';

/** How customers stop texts, by the country of their numbers. */
export type HowToStop = Readonly<Partial<Record<CountryCode, Translated>>>;

const REPLY_STOP: Translated = { en: 'Reply STOP to opt out.', ko: '수신거부 STOP 회신' };

/**
 * The United States with their territories, and Canada: their carriers want every sender to say it, and there a reply always works, for texts come
 * from numbers and never from sender ids (https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html).
 */
export const HOW_TO_STOP: HowToStop = Object.fromEntries(
  ['US', 'PR', 'VI', 'GU', 'AS', 'MP', 'CA'].map((country) => [country, REPLY_STOP]),
);

/** What a deployment chooses: the shop as every text begins with it, and how to stop. @default no name, and `HOW_TO_STOP` */
export type FrameSettings = { shopName?: Translated; howToStop?: HowToStop };

/** Returns what the texts to an E.164 number say besides. */
export function frameFor(phone: string, { shopName, howToStop = HOW_TO_STOP }: FrameSettings): TextFrame {
  const country = countryOf(phone);
  const stop = country && howToStop[country];
  return { ...(shopName && { shopName }), ...(stop && { howToStop: stop }) };
}
