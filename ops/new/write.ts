import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is to be written, by path in the repository: files that must not be there yet, and others with their new content. */
export type Changes = { created: ReadonlyMap<string, string>; changed: ReadonlyMap<string, string> };

/** Holds what is generated, besides `contracts/published/`. */
const GENERATED = ['docs/asyncapi', 'docs', 'infra/custom', 'settings', 'contracts/published', 'bench'];

/**
 * Writes files, formats them, and runs every generator whose output is kept; returns all paths that are new or different. Where anything
 * fails, everything is as it was before.
 */
export async function writeAndGenerate(
  { created, changed }: Changes,
  root: string,
  signal: AbortSignal,
): Promise<string[]> {
  for (const path of created.keys()) {
    if (existsSync(join(root, path))) throw new Error(`${path} is there already: nothing was written.`);
  }
  const before = snapshot(root, [...created.keys(), ...changed.keys()]);
  const folders = [...created.keys()].map((path) => dirname(path)).filter((path) => !existsSync(join(root, path)));
  try {
    const own = [...created, ...changed];
    for (const [path, content] of own) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    await format(
      own.map(([path]) => path),
      root,
      signal,
    );
    await run(process.execPath, [join(root, 'ops', 'generate', 'main.ts')], { cwd: root, signal });
    return [
      ...snapshot(
        root,
        own.map(([path]) => path),
      ),
    ]
      .flatMap(([path, content]) => (content === before.get(path) ? [] : [path]))
      .sort();
  } catch (error) {
    restore(root, before);
    for (const folder of folders) rmSync(join(root, folder), { recursive: true, force: true });
    signal.throwIfAborted();
    throw new Error(`Nothing was written: ${reasonOf(error)}`, { cause: error });
  }
}

/** Reads files, and everything that the generators may write; `undefined` is a file that is not there. */
function snapshot(root: string, paths: readonly string[]): Map<string, string | undefined> {
  const generated = GENERATED.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(json|md)$/.test(entry.name))
      .map(({ name }) => `${folder}/${name}`),
  );
  return new Map(
    [...new Set([...paths, ...generated])].map((path) => {
      const file = join(root, path);
      return [path, existsSync(file) ? readFileSync(file, 'utf8') : undefined];
    }),
  );
}

function restore(root: string, before: ReadonlyMap<string, string | undefined>): void {
  for (const [path, now] of snapshot(root, [...before.keys()])) {
    const content = before.get(path);
    if (content === undefined) rmSync(join(root, path), { force: true });
    else if (content !== now) writeFileSync(join(root, path), content);
  }
}

/** Lays files out in the house style, and sorts their imports. */
async function format(paths: readonly string[], cwd: string, signal: AbortSignal): Promise<void> {
  const biome = createRequire(join(cwd, 'package.json')).resolve('@biomejs/biome/bin/biome');
  await run(process.execPath, [biome, 'check', '--write', ...paths], { cwd, signal });
}

/** Returns what a program said when it failed, or what was thrown. */
const reasonOf = (error: unknown): string => {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said !== '' ? said : error instanceof Error ? error.message : String(error);
};
