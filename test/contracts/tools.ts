import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localFolder } from '../../localstack/engines.ts';

const run = promisify(execFile);
const folder = join(localFolder, 'tools');

/** Installs one version of an npm package with its dependencies, once, outside of this project's own. Returns the folder. */
export const ensureNpmTool = (name: string, version: string): Promise<string> =>
  ensureOnce(`${name}-${version}`, async (target) => {
    await writeFile(join(target, 'package.json'), '{ "private": true }\n');
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-update-notifier', '--save-exact'];
    await run('npm', ['install', ...options, `${name}@${version}`], { cwd: target });
  });

/** Fills a folder that is kept, once; two processes at the same time cannot leave half of it. */
export async function ensureOnce(name: string, fill: (target: string) => Promise<void>): Promise<string> {
  const kept = join(folder, name);
  if (existsSync(kept)) return kept;
  await mkdir(folder, { recursive: true });
  const target = await mkdtemp(`${kept}-`);
  try {
    await fill(target);
    await rename(target, kept);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    if (!existsSync(kept)) throw error;
  }
  return kept;
}

/**
 * Returns what `install` gives, or why a test of it is skipped: its packages cannot be fetched from here. In continuous
 * integration that is an error.
 */
export async function orOffline<T>(install: () => Promise<T>): Promise<{ tool: T } | { missing: string }> {
  try {
    return { tool: await install() };
  } catch (error) {
    const isOffline =
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|No matching distribution|Could not transfer/;
    if (process.env.CI || !isOffline.test(String(error))) throw error;
    return { missing: 'its packages cannot be fetched from here' };
  }
}
