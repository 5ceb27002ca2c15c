import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

// The SDK of the worker and of the in-memory AWS is their own; all other peers bundle the repository's.
const FOLDERS = ['.', 'memory', join('peers', 'worker')].map((folder) => join(import.meta.dirname, folder));

/** Installs what the peers are made of, as their lock files pin it, unless that has been done. */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  for (const folder of FOLDERS) if (!(await isInstalled(folder))) await install(folder, progress);
}

async function isInstalled(folder: string): Promise<boolean> {
  const lock = join(folder, 'package-lock.json');
  const wanted = await changedAt(lock);
  if (wanted === undefined) throw new Error(`${lock} is missing.`);
  // npm writes this file last of all.
  const there = await changedAt(join(folder, 'node_modules', '.package-lock.json'));
  return there !== undefined && there >= wanted;
}

async function install(folder: string, progress: (line: string) => void): Promise<void> {
  progress(`installing peers (npm ci --prefix ${relative(process.cwd(), folder)}) …`);
  const npm = spawn('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error('The peers could not be installed: npm said why above.');
}

type Lock = { packages?: Record<string, { version?: string; dependencies?: Record<string, string> }> };

/** Gives the versions of the packages that the peers ask for, by name. */
export async function peerVersions(): Promise<Record<string, string>> {
  const versions: [string, string][] = [];
  for (const folder of FOLDERS) {
    const { packages = {} } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as Lock;
    const asked = Object.keys(packages['']?.dependencies ?? {});
    versions.push(...asked.map((name): [string, string] => [name, packages[`node_modules/${name}`]?.version ?? '?']));
  }
  return Object.fromEntries(versions.sort());
}

const changedAt = (file: string): Promise<number | undefined> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
