import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markdownPaths, readPage, repository } from '../../builders/markdown-page.ts';

/** What works on Linux and not on macOS, or the other way round, with what does on both. */
const NOT_PORTABLE: Readonly<Record<string, { found: RegExp; instead: string }>> = {
  'the -d of GNU date': { found: /\bdate\b[^|;)`]*\s(-d|--date)\b/, instead: "node -p 'new Date(…).toISOString()'" },
  'the -v of BSD date': { found: /\bdate\b[^|;)`]*\s-v\S/, instead: "node -p 'new Date(…).toISOString()'" },
  'the -i of sed, which takes a suffix on macOS': { found: /\bsed\s+-i/, instead: 'perl -pi -e' },
  'zcat, which takes .Z on macOS': { found: /\bzcat\b/, instead: 'gzip -dc' },
  'the -P of GNU grep': { found: /\bgrep\s+-\w*P/, instead: 'grep -E' },
  'the -w of GNU base64': { found: /\bbase64\s+-w/, instead: "base64 | tr -d '\\n'" },
  'the -f of GNU readlink': { found: /\breadlink\s+-f/, instead: 'cd … && pwd -P' },
  'the -c of GNU stat': { found: /\bstat\s+-c/, instead: 'wc -c' },
  'a command of GNU coreutils': { found: /(^|[|;(&]\s*|\$ )(tac|timeout|numfmt)\s/m, instead: 'node' },
  'a builtin of bash 4': { found: /\b(mapfile|readarray)\b/, instead: 'while read' },
};

/** What AWS CLI v1 does not have: https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html */
const CLI_V2 =
  /\baws (logs (tail|start-live-tail)|sso|ddb|configure sso|configure list-profiles)\b|--(no-)?cli-(pager|binary-format|auto-prompt)\b/;

const shellOf = (path: string) => {
  const { codeBlocks, codeSpans } = readPage(path);
  return [...codeBlocks, ...codeSpans];
};
const pages = markdownPaths().filter((path) => path !== 'CHANGELOG.md');

test.each(Object.entries(NOT_PORTABLE))('No page has %s', (_, { found, instead }) => {
  const where = pages.flatMap((path) =>
    shellOf(path).flatMap((text) => (found.test(text) ? [`${path}: ${found.exec(text)?.[0]} → ${instead}`] : [])),
  );
  expect(where).toEqual([]);
});

test('A page with a command that only AWS CLI v2 has says so', () => {
  const needing = pages.filter((path) => shellOf(path).some((text) => CLI_V2.test(text)));
  expect(needing).not.toEqual([]);
  for (const path of needing) expect(readFileSync(join(repository, path), 'utf8'), path).toContain('AWS CLI v2');
});

test('What is not portable is found in the commands that were there', () => {
  const were = [
    `--start-time "$(date -u -d '-2 hours' +%FT%TZ)"`,
    'date -v-2H',
    'EDITOR="sed -i s/12001/12000/"',
    'zcat *.gz | jq',
    'x=$(grep -oP a b)',
    'base64 -w0 key',
    'readlink -f .',
    'stat -c %s file',
    'cat log | tac ',
    'mapfile -t lines',
  ];
  for (const [index, { found }] of Object.values(NOT_PORTABLE).entries()) expect(were[index]).toMatch(found);
});
