import { describe, expect, test } from 'vitest';
import { brokenBecause, markdownPaths, parsePage, printTarget, readPage } from '../../builders/markdown-page.ts';

const INDEX = 'docs/README.md';
const paths = markdownPaths();
const pages = paths.filter((path) => path.startsWith('docs/'));

/** Follows links from one page of docs/ to the next. */
function reachableFrom(start: string): Set<string> {
  const found = new Set([start]);
  // A set's iteration takes in what is added on the way.
  for (const path of found) {
    for (const target of readPage(path).targets) if (pages.includes(target.path)) found.add(target.path);
  }
  return found;
}

test('all Markdown files are found', () => {
  expect(paths).toEqual(expect.arrayContaining(['README.md', INDEX, '.github/pull_request_template.md']));
  expect(paths.filter((path) => /node_modules|\.local/.test(path))).toEqual([]);
});

test.each(paths)('every link of %s leads to a file, and its anchor to a heading', (path) => {
  const broken = readPage(path).targets.flatMap((target) => {
    const reason = brokenBecause(target);
    return reason === undefined ? [] : [`${printTarget(target)}: ${reason}`];
  });
  expect(broken).toEqual([]);
});

test('every page in docs/ can be reached from its index', () => {
  const reachable = reachableFrom(INDEX);
  expect(pages.filter((path) => !reachable.has(path))).toEqual([]);
});

test('the index names each page beside it', () => {
  const named = new Set(readPage(INDEX).targets.map(({ path }) => path));
  const beside = pages.filter((path) => /^docs\/[^/]+\.md$/.test(path) && !path.endsWith('.ko.md') && path !== INDEX);
  expect(beside.filter((path) => !named.has(path))).toEqual([]);
});

describe('a link is found broken', () => {
  test.each([
    ['[a](nowhere.md)', 'docs/nowhere.md: there is no such file'],
    [
      '| a |\n| --- |\n| [b](events.md#no-such-heading) |',
      'docs/events.md#no-such-heading: the page has no such heading',
    ],
    ['[a](#here)', 'docs/events.md#here: the page has no such heading'],
    ['<img src="images/none.svg">', 'docs/images/none.svg: there is no such file'],
    ['![a](../../elsewhere.png)', '../elsewhere.png: it is outside of the repository'],
  ])('%s', (text, expected) => {
    const { targets } = parsePage('docs/events.md', text);
    expect(targets.map((target) => `${printTarget(target)}: ${brokenBecause(target)}`)).toEqual([expected]);
  });
});

test('an anchor is that of GitHub', () => {
  const { headings } = parsePage('a.md', '# `ops status`: who, what?\n\n## 왜 SNS인가\n\n## Same\n\n## Same\n');
  expect(headings.map(({ anchor }) => anchor)).toEqual(['ops-status-who-what', '왜-sns인가', 'same', 'same-1']);
});
