import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './markdown-page.ts';

export const page = readFileSync(join(repository, 'docs', 'subscribing.md'), 'utf8');

/** The files that the page has its reader save, by name. */
export const pageFiles: ReadonlyMap<string, string> = new Map(
  [...page.matchAll(/^`([\w-]+\.json)`[^\n]*(?:\n[^\n]+)*\n\n```json\n([\s\S]*?)\n```$/gm)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);

/** Returns a file that the page has its reader save, with its `${…}` filled in as `envsubst` does. */
export function pageFile(name: string, values: Readonly<Record<string, string>> = {}): string {
  const text = pageFiles.get(name);
  if (text === undefined) throw new Error(`docs/subscribing.md shows no ${name}`);
  return text.replaceAll(/\$\{(\w+)\}/g, (_, variable) => {
    const value = values[variable];
    if (value === undefined) throw new Error(`${name} asks for ${variable}`);
    return value;
  });
}

/** Returns the examples of the page that stand under no name, as JSON, which contain a text. */
export const pageExamples = (containing: string): unknown[] =>
  [...page.matchAll(/^```json\n([\s\S]*?)\n```$/gm)].flatMap(([, text = '']) =>
    text.includes(containing) ? [JSON.parse(text)] : [],
  );

/** Returns what the page has its reader type under a heading: the commands of its block that is for a shell. */
export function pageCommands(heading: string): string {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [, commands] = /^```\n([\s\S]*?)\n```$/m.exec(section) ?? [];
  if (commands === undefined) throw new Error(`docs/subscribing.md has no commands under ${heading}`);
  return commands;
}
