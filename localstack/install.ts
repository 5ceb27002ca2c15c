import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPython, type PythonRequirement, tryRun } from './python.ts';

/** Where a person can follow what is being done, a line at a time. */
export type Progress = (line: string) => void;

/** One engine's environment: where it is kept, what goes in, what it runs on. */
export interface Installation {
  readonly name: string;
  readonly requirements: string;
  readonly python: PythonRequirement;
  /** The folder of all environments. */
  readonly root: string;
  readonly progress: Progress;
}

/** The folder of an environment; it changes with the requirements, so a changed lock installs anew. */
export async function environmentFolder(installation: Pick<Installation, 'name' | 'requirements' | 'root'>) {
  const digest = createHash('sha256').update(await readFile(installation.requirements));
  return join(installation.root, `${installation.name}-${digest.digest('hex').slice(0, 12)}`);
}

/** Installs an engine's pinned requirements unless they are there, and gives the Python to start it with. */
export async function install(installation: Installation): Promise<string> {
  const folder = await environmentFolder(installation);
  const python = join(folder, 'bin', 'python');
  // An environment dies with the Python it was made from, so being there is not enough: it has to run.
  if (existsSync(join(folder, 'installed')) && (await tryRun(python, ['-c', ''])) !== undefined) return python;
  const started = Date.now();
  const found = await findPython(installation.python);
  const say = (line: string) => installation.progress(`${installation.name}: ${line}`);
  const script = join(import.meta.dirname, 'install.py');
  const uv = found.uv === undefined ? [] : [found.uv];
  await runShowing(found.python, [script, folder, installation.requirements, ...uv], say);
  say(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return python;
}

function runShowing(file: string, args: readonly string[], say: Progress): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    createInterface(child.stdout).on('line', say);
    child.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    child.on('error', failed);
    child.on('close', (code) => {
      if (code === 0) done();
      else failed(new Error(`The engine could not be installed from the Python package index:\n${complaint.trim()}`));
    });
  });
}
