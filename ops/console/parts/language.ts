import { signal } from '@preact/signals';

export type Language = 'en' | 'ko';

const KEY = 'language';
const stored = (): Language => (globalThis.localStorage?.getItem(KEY) === 'ko' ? 'ko' : 'en');

/** The language of the page. What comes from a command is in the command's own words. */
export const language = signal<Language>(stored());

/** Changes the language, for the next visit too. */
export function setLanguage(next: Language): void {
  language.value = next;
  localStorage.setItem(KEY, next);
}

type Values = Readonly<Record<string, string | number>>;

/**
 * Returns a function that gives a text in the language of the page: `text('left', { n: 3 })`. `{n}` in a text is that value, and
 * `{n|letter|letters}` the value with the noun that goes with it.
 */
export const translations =
  <Key extends string>(texts: { en: Record<Key, string>; ko: Record<NoInfer<Key>, string> }) =>
  (key: Key, values: Values = {}): string =>
    fill(texts[language.value][key], values, language.value);

/** Puts values into a text. */
export const fill = (text: string, values: Values, locale: string): string =>
  text.replaceAll(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    const shown = typeof value === 'number' ? value.toLocaleString(locale) : value;
    return one === undefined ? shown : `${shown} ${value === 1 ? one : many}`;
  });
