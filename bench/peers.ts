import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

// The worker and the in-memory AWS have an SDK of their own; all other peers bundle the repository's.
const FOLDERS = ['.', 'local-aws', join('peers', 'worker')].map((folder) => join(import.meta.dirname, folder));

type Lock = { packages?: Record<string, { version?: string; dependencies?: Record<string, string> }> };

/** Installs the peers' packages as their lock files pin them, unless that was done, and then checks the types of the peers' code. */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  const missing: string[] = [];
  for (const folder of FOLDERS) if (!(await isInstalled(folder))) missing.push(folder);
  for (const folder of missing) {
    const command = ['npm', 'ci', '--prefix', relative(process.cwd(), folder)];
    progress(`installing peers (${command.join(' ')}) …`);
    await run([...command, '--no-audit', '--no-fund', '--loglevel=error']);
  }
  if (missing.length > 0) await run(['npm', 'run', '--silent', 'check:bench']);
}

async function run([file = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 2, 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`\`${[file, ...args].join(' ')}\` failed: it said why above.`);
}

async function isInstalled(folder: string): Promise<boolean> {
  const lock = await stat(join(folder, 'package-lock.json'));
  // npm writes this file last.
  const installed = await stat(join(folder, 'node_modules', '.package-lock.json')).catch(() => undefined);
  return installed !== undefined && installed.mtimeMs >= lock.mtimeMs;
}

/** Reads the versions of the packages that the peers depend on. */
export async function peerVersions(): Promise<Record<string, string>> {
  const versions: [string, string][] = [];
  for (const folder of FOLDERS) {
    const { packages = {} } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as Lock;
    const names = Object.keys(packages['']?.dependencies ?? {});
    versions.push(...names.map((name): [string, string] => [name, packages[`node_modules/${name}`]?.version ?? '?']));
  }
  return Object.fromEntries(versions.sort());
}
