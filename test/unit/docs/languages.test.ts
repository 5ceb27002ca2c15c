import { describe, expect, test } from 'vitest';
import {
  isWebAddress,
  type MarkdownPage,
  markdownPaths,
  parsePage,
  printTarget,
  readPage,
  type Target,
} from '../../builders/markdown-page.ts';

const paths = markdownPaths();
const korean = paths.filter((path) => path.endsWith('.ko.md'));
const englishOf = (path: string) => path.replace(/\.ko\.md$/, '.md');
const koreanOf = (path: string) => path.replace(/\.md$/, '.ko.md');

const levels = ({ headings }: MarkdownPage) => headings.map(({ level }) => level);
const sorted = (items: Iterable<string>) => [...items].toSorted();

/** The links of a page without the one to its other language, in no sequence: a sentence has its own in each language. */
const links = ({ path, targets }: MarkdownPage) =>
  targets.filter((target) => target.anchor !== '' || ![englishOf(path), koreanOf(path)].includes(target.path));

/** Says where the Korean form of a link leads: to the Korean page where there is one, and there to the heading at the same place. */
function inKorean(target: Target): Target {
  const path = koreanOf(target.path);
  if (isWebAddress(target) || !paths.includes(path)) return target;
  if (target.anchor === '') return { path, anchor: '' };
  const place = readPage(target.path).headings.findIndex(({ anchor }) => anchor === target.anchor);
  return { path, anchor: readPage(path).headings[place]?.anchor ?? 'no such heading' };
}

/** Lists what the Korean form of a page says otherwise than the English one. */
function differences(english: MarkdownPage, translated: MarkdownPage): string[] {
  const expectedLinks = sorted(links(english).map(inKorean).map(printTarget));
  const compared = {
    headings: [levels(english), levels(translated)],
    'code blocks': [english.codeBlocks, translated.codeBlocks],
    'code in sentences': [sorted(new Set(english.codeSpans)), sorted(new Set(translated.codeSpans))],
    links: [expectedLinks, sorted(links(translated).map(printTarget))],
  };
  return Object.entries(compared).flatMap(([what, [one, other]]) =>
    JSON.stringify(one) === JSON.stringify(other) ? [] : [what],
  );
}

test('README, the index of the documentation and the pages about adding something are there in Korean', () => {
  expect(korean).toEqual(
    expect.arrayContaining([
      'README.ko.md',
      'docs/README.ko.md',
      'docs/adding-a-consumer.ko.md',
      'docs/adding-an-event.ko.md',
    ]),
  );
});

describe.each(korean)('%s', (path) => {
  const english = readPage(englishOf(path));
  const translated = readPage(path);

  test('has the headings of the English page: as many, of the same level, in the same sequence', () => {
    expect(levels(translated)).toEqual(levels(english));
  });

  test('has the same code blocks', () => {
    expect(translated.codeBlocks).toEqual(english.codeBlocks);
  });

  test('names the same commands, files and settings in its sentences', () => {
    expect(sorted(new Set(translated.codeSpans))).toEqual(sorted(new Set(english.codeSpans)));
  });

  test('leads to the same pages, in Korean where there are any', () => {
    expect(sorted(links(translated).map(printTarget))).toEqual(sorted(links(english).map(inKorean).map(printTarget)));
  });

  test('and the English page lead to each other', () => {
    expect(translated.targets).toContainEqual({ path: english.path, anchor: '' });
    expect(english.targets).toContainEqual({ path, anchor: '' });
  });
});

describe('a difference is found', () => {
  const english =
    '# A\n\n[한국어](README.ko.md)\n\nRun `npm start`: [more](docs/README.md), [operate](docs/operating.md).\n\n```\nnpm start\n```\n';
  const same =
    '# 가\n\n[English](README.md)\n\n`npm start`: [운영](docs/operating.md), [더](docs/README.ko.md).\n\n```\nnpm start\n```\n';
  const parsed = (text: string) => differences(parsePage('README.md', english), parsePage('README.ko.md', text));

  test('in none of these', () => expect(parsed(same)).toEqual([]));

  test.each([
    ['headings', '# 가', '## 가'],
    ['headings', '\n\n[English]', '\n\n## 나\n\n[English]'],
    ['code blocks', 'npm start\n```', 'npm test\n```'],
    ['code in sentences', '`npm start`', '`npm run start`'],
    ['links', 'docs/README.ko.md', 'docs/README.md'],
    ['links', '[운영](docs/operating.md)', '운영'],
  ])('%s: %j instead of %j', (what, from, to) => {
    expect(same).toContain(from);
    expect(parsed(same.replace(from, to))).toEqual([what]);
  });
});
