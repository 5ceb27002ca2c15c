import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkReason, describePause } from '../../../ops/pause/record.ts';
import { fromTagValue, MAX_TAG_CHARS, toTagValue } from '../../../ops/pause/tag-text.ts';

describe('A text that is kept in a tag', () => {
  test('comes back as it was, and consists of what AWS allows in a tag', () => {
    const texts = fc.oneof(
      fc.array(fc.nat(0x10ffff), { maxLength: 20 }).map((points) => String.fromCodePoint(...points).toWellFormed()),
      fc.string({ maxLength: 20 }),
      fc.constantFrom('aws:x', 'AWS:x', ' x ', '=2C', '=', '==FF', '\uFFFD', '\uFEFFx', 'a,b', '결제가 두 번, 확인 중'),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const value = toTagValue(text, 'It');
        expect(fromTagValue(value)).toBe(text);
        expect(value).toMatch(/^[\p{L}\p{N}\s_.:/=+@-]*$/u);
        expect(value).not.toMatch(/^aws:|^\s|\s$/i);
      }),
    );
  });

  test('stays readable in the console of AWS, but for a few signs', () => {
    expect(toTagValue('charges twice, see INC-12', 'It')).toBe('charges twice=2C see INC-12');
    expect(toTagValue('arn:aws:sts::123456789012:assumed-role/Ops/jane@example.com', 'It')).toBe(
      'arn:aws:sts::123456789012:assumed-role/Ops/jane@example.com',
    );
  });

  test('is refused in a sentence where it does not fit, and never cut', () => {
    expect(toTagValue('x'.repeat(MAX_TAG_CHARS), 'It')).toHaveLength(MAX_TAG_CHARS);
    expect(() => toTagValue('x'.repeat(MAX_TAG_CHARS + 1), '--reason')).toThrow('--reason is too long: ');
    expect(() => toTagValue('!'.repeat(86), '--reason')).toThrow('it has 258 characters');
  });

  test('is shown as it is where somebody wrote the tag by hand', () => {
    expect(fromTagValue('100%=FF =zz')).toBe('100%=FF =zz');
  });
});

describe('The reason of a pause', () => {
  test.each([undefined, '', '  '])('is required: %j', (reason) => {
    expect(() => checkReason(reason)).toThrow('Say why with --reason');
  });

  test.each(['two\nlines', 'tab\tbed', '\u001b[31mred', '\ud800'])('is one line of text: %j is refused', (reason) => {
    expect(() => checkReason(reason)).toThrow('--reason must be one line of plain text.');
  });

  test('is taken as it is, and refused where it is too long', () => {
    expect(checkReason(' 결제가 두 번, #12 ')).toBe(' 결제가 두 번, #12 ');
    expect(() => checkReason('x'.repeat(300))).toThrow('--reason is too long');
  });
});

test('A pause is described by whom, since when, and why, without what could control a terminal', () => {
  const pause = { by: 'jane', since: '2026-11-27T03:00:00.123Z', reason: 'charges \u001b[31mtwice' };
  expect(describePause(pause)).toMatch(/^paused by jane since 2026-11-27T03:00:00Z: "charges .*twice"$/);
  expect(describePause(pause)).not.toContain('\u001b');
});
