import { describe, expect, test } from 'vitest';
import { textFor } from '../../../lambdas/notification/texts.ts';

const templates = ['order-placed', 'order-delayed', 'order-confirmed', 'order-cancelled'] as const;
const longestId = `${'Q'.repeat(30)}_-90123456`;
// https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/: the basic table, in which every character takes one place.
const GSM_7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/;

describe.each(templates)('The text %s', (template) => {
  test('contains the order id and fits into one GSM-7 segment in English', () => {
    const text = textFor(template, 'en', longestId);
    expect(longestId).toHaveLength(40);
    expect(text).toContain(longestId);
    expect(text).toMatch(GSM_7);
    expect(text.length).toBeLessThanOrEqual(160);
  });

  test('contains the order id and fits into one segment in Korean', () => {
    const text = textFor(template, 'ko', longestId);
    expect(text).toContain(longestId);
    expect(text).toMatch(/[가-힣]/);
    expect(text.length).toBeLessThanOrEqual(70);
  });

  test('has no line break and no link', () => {
    for (const locale of ['en', 'ko']) expect(textFor(template, locale, 'o-1')).not.toMatch(/\n|https?:|www\./);
  });
});

test('The texts are all different in both languages', () => {
  expect(
    new Set(['en', 'ko'].flatMap((locale) => templates.map((template) => textFor(template, locale, 'o-1')))).size,
  ).toBe(8);
});

test.each(['ko', 'KO', 'ko-KR', 'ko-Kore-KR'])('the text for locale %s is Korean', (locale) => {
  expect(textFor('order-confirmed', locale, 'o-1')).toMatch(/[가-힣]/);
});

test.each(['en', 'en-GB', 'kok', 'ja', 'fr-FR', 'zh-ko'])('the text for locale %s is English', (locale) => {
  expect(textFor('order-confirmed', locale, 'o-1')).toMatch(/confirmed/);
});
