import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { template } from '../../../contracts/notification.ts';
import { orderId } from '../../../contracts/order.ts';
import { fitsOneSegment } from '../../../lambdas/notification/segment.ts';
import { frameFor, HOW_TO_STOP } from '../../../lambdas/notification/text-frame.ts';
import { templatesTooLong, textFor } from '../../../lambdas/notification/texts.ts';

const templates = template.options;
const longestId = `${'Q'.repeat(30)}_-90123456`;
// https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/: the basic table, in which every character takes one place.
const GSM_7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/;

const validCharacters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  v.is(orderId, character),
);

/** Counts segments as a phone does, character by character. */
function segments(text: string): number {
  const septets = [...text].map((character) =>
    GSM_7.test(character) ? 1 : '^{}\\[~]|€'.includes(character) ? 2 : Infinity,
  );
  const length = septets.reduce((sum, one) => sum + one, 0);
  return Number.isFinite(length) ? Math.ceil(length / 160) : Math.ceil(text.length / 70);
}

describe.each(templates)('The text %s', (name) => {
  test('contains the order id and fits into one GSM-7 segment in English', () => {
    const text = textFor(name, 'en', longestId);
    expect(longestId).toHaveLength(40);
    expect(text).toContain(longestId);
    expect(text).toMatch(GSM_7);
    expect(text.length).toBeLessThanOrEqual(160);
  });

  test('contains the order id and fits into one segment in Korean', () => {
    const text = textFor(name, 'ko', longestId);
    expect(text).toContain(longestId);
    expect(text).toMatch(/[가-힣]/);
    expect(text.length).toBeLessThanOrEqual(70);
  });

  test('has no line break and no link', () => {
    for (const locale of ['en', 'ko']) expect(textFor(name, locale, 'o-1')).not.toMatch(/\n|https?:|www\./);
  });
});

test('The texts are all different in both languages', () => {
  expect(new Set(['en', 'ko'].flatMap((locale) => templates.map((name) => textFor(name, locale, 'o-1')))).size).toBe(
    12,
  );
});

test.each([
  'ko',
  'KO',
  'ko-KR',
  'ko-Kore-KR',
  'ko_KR',
  'KO_kr',
  'ko_KR.UTF-8',
  'kor',
  'kor-KR',
  ' ko ',
  'ko-KR,ko;q=0.9',
])('the text for locale %s is Korean', (locale) => {
  expect(textFor('order-confirmed', locale, 'o-1')).toMatch(/[가-힣]/);
});

test.each([
  ...['en', 'en-GB', 'kok', 'ja', 'fr-FR', 'zh-ko', 'eng', 'en_US.UTF-8', 'C', 'POSIX', 'auto', 'iw', 'zh-Hant-TW'],
  ...['', ' ', '-', '?', 'constructor', '__proto__', '한국어', 'korean'],
])('the text for locale %s is English', (locale) => {
  expect(textFor('order-confirmed', locale, 'o-1')).toMatch(/confirmed/);
});

describe('An order in a text', () => {
  test.each(['#1029', '20241126-0000001', '-NabcDEF123456789', 'R#1', 'a+b=c', '[1]', '1&2', '~1|2^3'])(
    'is named by %s',
    (name) => {
      for (const locale of ['en', 'ko']) expect(textFor('order-confirmed', locale, name)).toContain(` ${name} `);
    },
  );

  test.each(['gid://shopify/Order/5', 'a/b', 'a:b', 'https://example.com'])(
    'is not named by what becomes a link: %s',
    (name) => {
      expect(textFor('order-confirmed', 'en', name)).toBe('Your order is confirmed. Thank you!');
      expect(textFor('order-confirmed', 'ko', name)).toBe('주문이 확정되었습니다. 감사합니다.');
    },
  );

  test('is not named where its name would need a second segment', () => {
    expect(textFor('order-delayed', 'en', 'Q'.repeat(64))).toContain('Q'.repeat(64));
    // Each bracket takes two places of GSM-7.
    expect(textFor('order-delayed', 'en', '['.repeat(64))).toContain('Your order takes longer');
    expect(textFor('order-cancelled', 'ko', 'Q'.repeat(42))).toContain('주문이 취소');
  });

  test('never makes a text longer than one segment, or a link, in any language', () => {
    const ids = fc.string({ unit: fc.constantFrom(...validCharacters), minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(fc.constantFrom(...templates), fc.constantFrom('en', 'ko'), ids, (which, locale, name) => {
        const text = textFor(which, locale, name);
        expect(segments(text)).toBe(1);
        expect(text).not.toMatch(/[:/]/);
        const spoken = `${locale === 'en' ? 'order' : '주문'} ${name} `;
        // It is named wherever it can be.
        if (!text.includes(spoken)) {
          const bare = textFor(which, locale, ':');
          const named = bare.replace(locale === 'en' ? 'order ' : '주문이 ', () => spoken);
          expect(/[:/]/.test(name) || segments(named) > 1).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('What a text says besides', () => {
  const acme = { shopName: { en: 'Acme', ko: '아크메' } };
  const written = (phone: string, locale: string, settings = {}) =>
    textFor('order-shipped', locale, 'o-1', frameFor(phone, settings));

  test('is nothing by default, but how to stop in the United States, their territories and Canada', () => {
    for (const phone of ['+821012345678', '+447400123456', '+18765550123', '+881612345678', '+61412345678'])
      for (const locale of ['en', 'ko']) expect(written(phone, locale)).toBe(textFor('order-shipped', locale, 'o-1'));
    for (const phone of ['+12025550123', '+16045550123', '+17875550123', '+16715550123']) {
      expect(written(phone, 'en')).toBe('Your order o-1 is on its way. Reply STOP to opt out.');
      expect(written(phone, 'ko')).toBe('주문 o-1 발송되었습니다. 수신거부 STOP 회신');
    }
  });

  test("is the shop's name before all, in the text's language", () => {
    expect(written('+821012345678', 'ko', acme)).toBe('[아크메] 주문 o-1 발송되었습니다.');
    expect(written('+12025550123', 'en', acme)).toBe('[Acme] Your order o-1 is on its way. Reply STOP to opt out.');
  });

  test('is how to stop in the countries that the setting names, and in no others', () => {
    const howToStop = { KR: { en: 'Call 080 123 4567 to stop.', ko: '무료거부 0801234567' } };
    expect(written('+821012345678', 'ko', { howToStop })).toBe('주문 o-1 발송되었습니다. 무료거부 0801234567');
    expect(written('+12025550123', 'en', { howToStop })).toBe('Your order o-1 is on its way.');
  });

  test('stays where the name of the order goes, for want of room in the one segment', () => {
    const name = 'Q'.repeat(64);
    for (const [locale, starts] of [
      ['en', '[Acme] Your order takes longer'],
      ['ko', '[아크메] 주문이 처리 지연'],
    ] as const) {
      const text = textFor('order-delayed', locale, name, frameFor('+12025550123', acme));
      expect(text).toContain(starts);
      expect(text).toContain('STOP');
      expect(segments(text)).toBe(1);
    }
  });

  test('never makes a second segment, whatever the name, where it has been found to fit', () => {
    const parts = fc.string({ unit: fc.constantFrom(...'aZ[€가é~ '), minLength: 1, maxLength: 40 });
    const spoken = fc.record({ en: parts, ko: parts });
    const ids = fc.string({ unit: fc.constantFrom(...validCharacters), minLength: 1, maxLength: 64 });
    let fitting = 0;
    fc.assert(
      fc.property(fc.constantFrom(...templates), ids, spoken, spoken, (which, name, shopName, howToStop) => {
        const frame = { shopName, howToStop };
        const sent = ['en', 'ko'].map((locale) => segments(textFor(which, locale, name, frame)));
        if (templatesTooLong(frame).length > 0) return;
        fitting += 1;
        expect(sent).toEqual([1, 1]);
      }),
      { numRuns: 2_000 },
    );
    expect(fitting).toBeGreaterThan(100);
  });

  test('fits with how to stop as it is by default, and a name of 25 characters', () => {
    for (const howToStop of Object.values(HOW_TO_STOP)) {
      const named = (length: number) => ({ shopName: { en: 'A'.repeat(30), ko: '가'.repeat(length) }, howToStop });
      expect(templatesTooLong(named(25))).toEqual([]);
      expect(templatesTooLong(named(26))).toEqual(['order-cancelled']);
    }
  });

  test('has 70 characters to share in English too, where one of them is not in GSM-7', () => {
    expect(templatesTooLong({ shopName: { en: '아크메', ko: '아크메' } })).toContain('order-delayed');
  });
});

describe('One segment', () => {
  test.each([
    ['160 characters of GSM-7', 'a'.repeat(160), true],
    ['161 characters of GSM-7', 'a'.repeat(161), false],
    ['80 euro signs', '€'.repeat(80), true],
    ['81 euro signs', '€'.repeat(81), false],
    ['70 Korean characters', '가'.repeat(70), true],
    ['one Korean among 71 characters', `가${'a'.repeat(70)}`, false],
    ['35 emoji', '🛒'.repeat(35), true],
    ['36 emoji', '🛒'.repeat(36), false],
    ['a backtick, which GSM-7 lacks, among 71 characters', `\`${'a'.repeat(70)}`, false],
  ])('has room for %s: %s', (_, text, fits) => {
    expect(fitsOneSegment(text)).toBe(fits);
  });
});

test('The text of a refund promises no more than that money goes back, be it all of it or a part', () => {
  expect(textFor('order-refunded', 'en', 'o-1')).toBe('A refund for your order o-1 is on its way.');
  expect(textFor('order-refunded', 'ko', 'o-1')).toBe('주문 o-1 환불 처리되었습니다.');
});

// Not charged, authorized, charged, paid on delivery, free, refunded in part; confirmed before or not.
test('The text of a cancelled order says nothing about money that is untrue of any order', () => {
  expect(textFor('order-cancelled', 'en', 'o-1')).toBe(
    'Your order o-1 was cancelled. If you have paid anything, it will be refunded.',
  );
  expect(textFor('order-cancelled', 'ko', 'o-1')).toBe('주문 o-1 취소되었습니다. 결제하셨다면 환불해 드립니다.');
});
