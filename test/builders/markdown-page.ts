import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, normalize, posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked, type Token } from 'marked';

export const repository = join(import.meta.dirname, '..', '..');

const NOT_OURS = new Set(['node_modules', '.local', 'cdk.out', 'dist', '.git']);

export interface Heading {
  level: number;
  /** As GitHub makes it of the heading's text. */
  anchor: string;
}

/** What a link or a picture leads to, from the repository's root: a web address, or a path with an anchor, if there is one. */
export interface Target {
  path: string;
  anchor: string;
}

export interface MarkdownPage {
  path: string;
  headings: Heading[];
  codeBlocks: string[];
  /** Code within a line. */
  codeSpans: string[];
  targets: Target[];
}

/** Lists the paths of all Markdown files of the repository, from its root. */
export function markdownPaths(): string[] {
  const exclude = (name: string) => NOT_OURS.has(posix.basename(name));
  return ['*.md', '.github/**/*.md', '!(.*)/**/*.md'].flatMap((pattern) =>
    globSync(pattern, { cwd: repository, exclude }),
  );
}

/** Reads a page of the repository. */
export const readPage = (path: string): MarkdownPage => parsePage(path, readFileSync(join(repository, path), 'utf8'));

/** Parses a page as GitHub shows it. */
export function parsePage(path: string, text: string): MarkdownPage {
  const page: MarkdownPage = { path, headings: [], codeBlocks: [], codeSpans: [], targets: [] };
  const slugger = new GithubSlugger();
  const add = (href: string) => page.targets.push(targetOf(path, href));
  marked.walkTokens(marked.lexer(text), (token) => {
    if (token.type === 'heading') page.headings.push({ level: token.depth, anchor: slugger.slug(plainText(token)) });
    else if (token.type === 'code') page.codeBlocks.push(`${token.lang ?? ''}\n${token.text}`);
    else if (token.type === 'codespan') page.codeSpans.push(token.text);
    else if (token.type === 'link' || token.type === 'image') add(token.href);
    else if (token.type === 'html')
      for (const [, href = ''] of token.raw.matchAll(/\b(?:src|href)="([^"]*)"/g)) add(href);
  });
  return page;
}

export const isWebAddress = ({ path }: Target): boolean => /^[a-z]+:/.test(path);

/** Says what is wrong with a target, or nothing. */
export function brokenBecause(target: Target): string | undefined {
  if (isWebAddress(target)) return;
  if (target.path.startsWith('..')) return 'it is outside of the repository';
  if (!existsSync(join(repository, target.path))) return 'there is no such file';
  if (target.anchor === '' || !target.path.endsWith('.md')) return;
  const { headings } = readPage(target.path);
  if (!headings.some(({ anchor }) => anchor === target.anchor)) return 'the page has no such heading';
}

export const printTarget = ({ path, anchor }: Target): string => (anchor === '' ? path : `${path}#${anchor}`);

function targetOf(page: string, href: string): Target {
  if (/^[a-z]+:/.test(href)) return { path: href, anchor: '' };
  const [path = '', anchor = ''] = decodeURIComponent(href).split('#');
  return { path: path === '' ? page : normalize(join(posix.dirname(page), path)), anchor };
}

function plainText(token: Token): string {
  if ('tokens' in token && token.tokens !== undefined) return token.tokens.map(plainText).join('');
  return 'text' in token ? token.text : token.raw;
}
