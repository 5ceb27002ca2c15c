import type { Template } from '../../contracts/notification.ts';
import { fitsOneSegment } from './segment.ts';

type Language = 'en' | 'ko';

/** A text in each language. */
export type Translated = Readonly<Record<Language, string>>;

/** What texts say besides: the shop's name before what is said of the order, and after it how the customer stops them. */
export type TextFrame = { shopName?: Translated; howToStop?: Translated };

/** Writes a template about an order; without a name, about "your order". */
type Wording = (name?: string) => string;

const inEnglish = (name?: string) => (name === undefined ? 'order' : `order ${name}`);
const inKorean = (name?: string) => (name === undefined ? '주문이' : `주문 ${name}`);

// What a cancelled order's text says about money is true of every order: charged or not, paid on delivery, free.
const texts: Record<Language, Record<Template, Wording>> = {
  en: {
    'order-placed': (name) => `We have received your ${inEnglish(name)} and will text you when it is confirmed.`,
    'order-delayed': (name) =>
      `Your ${inEnglish(name)} takes longer than usual. We will text you as soon as it is decided.`,
    'order-confirmed': (name) => `Your ${inEnglish(name)} is confirmed. Thank you!`,
    'order-cancelled': (name) =>
      `Your ${inEnglish(name)} was cancelled. If you have paid anything, it will be refunded.`,
    'order-shipped': (name) => `Your ${inEnglish(name)} is on its way.`,
    'order-refunded': (name) => `A refund for your ${inEnglish(name)} is on its way.`,
  },
  ko: {
    'order-placed': (name) => `${inKorean(name)} 접수되었습니다.`,
    'order-delayed': (name) => `${inKorean(name)} 처리 지연 중입니다. 곧 알려드리겠습니다.`,
    'order-confirmed': (name) => `${inKorean(name)} 확정되었습니다. 감사합니다.`,
    'order-cancelled': (name) => `${inKorean(name)} 취소되었습니다. 결제하셨다면 환불해 드립니다.`,
    'order-shipped': (name) => `${inKorean(name)} 발송되었습니다.`,
    'order-refunded': (name) => `${inKorean(name)} 환불 처리되었습니다.`,
  },
};

/** The languages by their codes in ISO 639-1, -2 and -3. */
const LANGUAGES: ReadonlyMap<string, Language> = new Map([
  ['en', 'en'],
  ['eng', 'en'],
  ['ko', 'ko'],
  ['kor', 'ko'],
]);

/** Reads a locale as software writes it (`ko-KR`, `ko_KR.UTF-8`, `kor`, `C`); English if its language has no texts. */
export function languageOf(locale: string): Language {
  const [code = ''] = /^[a-z]+/.exec(locale.trim().toLowerCase()) ?? [];
  return LANGUAGES.get(code) ?? 'en';
}

// Phones make links of these.
const LINK = /[:/]/;

/**
 * Renders a template in the language nearest to a locale, in one SMS segment. Names the order by `name`, its number or id, unless that
 * would be shown as a link or need a second segment; what the frame says is never left out.
 */
export function textFor(template: Template, locale: string, name: string, frame: TextFrame = {}): string {
  const language = languageOf(locale);
  const wording = texts[language][template];
  const text = framed(wording(name), language, frame);
  return LINK.test(name) || !fitsOneSegment(text) ? framed(wording(), language, frame) : text;
}

/** Lists the templates that a frame leaves no room for, in the first language in which there are any. */
export const templatesTooLong = (frame: TextFrame): readonly string[] =>
  [...new Set(LANGUAGES.values())]
    .map((language) =>
      Object.entries(texts[language]).flatMap(([template, wording]) =>
        fitsOneSegment(framed(wording(), language, frame)) ? [] : [template],
      ),
    )
    .find(({ length }) => length > 0) ?? [];

function framed(text: string, language: Language, { shopName, howToStop }: TextFrame): string {
  const start = shopName === undefined ? '' : `[${shopName[language]}] `;
  const end = howToStop === undefined ? '' : ` ${howToStop[language]}`;
  return `${start}${text}${end}`;
}
