import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { captureOutput, findPython, type PythonRequirement } from './python.ts';

/** Reports progress to the user, one line at a time. */
export type Progress = (line: string) => void;

/** A virtual environment, such as an engine's: name, pinned requirements and Python version. */
export interface Installation {
  readonly name: string;
  readonly requirements: string;
  readonly python: PythonRequirement;
  /** The folder that contains all environments. */
  readonly root: string;
  readonly progress: Progress;
}

/** Returns the folder of an environment. It depends on the hash of the requirements, so changed pins are installed into a new folder. */
export async function environmentFolder(installation: Pick<Installation, 'name' | 'requirements' | 'root'>) {
  const digest = createHash('sha256').update(await readFile(installation.requirements));
  return join(installation.root, `${installation.name}-${digest.digest('hex').slice(0, 12)}`);
}

/** Installs pinned requirements unless they are installed already. Returns the path of the environment's Python. */
export async function install(installation: Installation): Promise<string> {
  const folder = await environmentFolder(installation);
  const python = join(folder, 'bin', 'python');
  // An environment breaks when the Python it was created from is removed, so check that it runs.
  if (existsSync(join(folder, 'installed')) && (await captureOutput(python, ['-c', ''])) !== undefined) return python;
  const started = Date.now();
  const found = await findPython(installation.python);
  const report = (line: string) => installation.progress(`${installation.name}: ${line}`);
  const script = join(import.meta.dirname, 'install.py');
  const uv = found.uv === undefined ? [] : [found.uv];
  await runWithProgress(installation.name, found.python, [script, folder, installation.requirements, ...uv], report);
  report(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return python;
}

function runWithProgress(name: string, file: string, args: readonly string[], report: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    createInterface(child.stdout).on('line', report);
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${name} could not be installed from the Python package index:\n${stderr.trim()}`));
    });
  });
}
