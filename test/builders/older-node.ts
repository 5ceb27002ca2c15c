import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';

/** The PATH as the person's own shell has it: npm and Vitest put `node_modules/.bin` before it. */
export const ownPath = (env: NodeJS.ProcessEnv = process.env): string =>
  (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules') && folder !== dirname(process.execPath))
    .join(delimiter);

/** Finds a Node on the PATH that does not run TypeScript by itself, such as 20; `undefined` where there is none. */
export function findOlderNode(): string | undefined {
  return ownPath()
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      const asked = spawnSync(node, ['-p', 'process.features.typescript'], { encoding: 'utf8' });
      return asked.status === 0 && asked.stdout.trim() === 'undefined';
    });
}
