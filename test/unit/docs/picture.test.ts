import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quotedText, runPicture, shownText, withQuotation } from '../../../docs/images/run-picture.ts';
import { readPage, repository } from '../../builders/markdown-page.ts';

const read = (...path: string[]) => readFileSync(join(repository, ...path), 'utf8');
const shown = read('docs', 'images', 'run.txt');
const picture = read('docs', 'images', 'run.svg');

describe('The picture of a run', () => {
  test('is drawn from the kept run', () => {
    expect(picture).toBe(runPicture(shown));
  });

  test('is of a run in which every order ended as expected', () => {
    expect(shown).toMatch(/^✓ deployed ShopMessaging/m);
    expect(shown).not.toContain('✗');
  });

  test.each([
    ['a path of a machine', /(?:^|[\s"'(])(?:\/(?:home|root|tmp|work|Users|var)\/|[A-Z]:\\|file:)/m],
    ['a time of day', /\d{4}-\d\d-\d\d|\b\d\d:\d\d:\d\d\b/],
    ['a control character of a terminal', /(?!\n)\p{Cc}/u],
  ])('has in it no %s', (_, pattern) => {
    expect(picture).not.toMatch(pattern);
  });

  test('adapts to a dark page', () => {
    expect(picture).toContain('prefers-color-scheme: dark');
  });
});

test.each(['README.md', 'README.ko.md'])('%s quotes that run', (path) => {
  expect(readPage(path).codeBlocks).toContain(`\n${quotedText(shown)}`);
  expect(withQuotation(read(path), shown)).toBe(read(path));
});

test('the quotation of another run is replaced', () => {
  const other = shown.replace('✓ deployed', '✓ DEPLOYED');
  expect(withQuotation(read('README.md'), other)).toContain('✓ DEPLOYED ShopMessaging');
});

test('of a line that was overwritten the last state is shown, and nothing of what npm says', () => {
  const captured =
    '\r\n> shop-messaging@0.3.0 start\r\n> exec node ops/main.ts demo\r\n\r\n… deployed (0.1 s)\r\x1b[K✓ deployed (1.2 s)\r\nDone.\r\n⠙\x1b[1G\x1b[0K';
  expect(shownText(captured)).toBe('✓ deployed (1.2 s)\nDone.\n');
});

test('tables that are left out are marked once', () => {
  const shown = shownText('first\n\nTime per stage\n──\n1 s\n\nShelves\n──\nKB\n\nOrders\n──\na  b\n');
  expect(shown).toBe('first\n\n…\n\nOrders\n──\na  b\n');
});

test('what XML reserves is escaped, and columns stand where they stood', () => {
  const svg = runPicture('<one> & two   three\n');
  expect(svg).toMatch(/x="16\.0" [^>]*>&lt;one&gt; &amp; two</);
  expect(svg).toMatch(/x="125\.2" [^>]*>three</);
});
