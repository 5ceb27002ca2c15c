import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { captureOutput, findPython, type PythonRequirement, pythonEnvironment } from './python.ts';

/** Reports progress to the user, one line at a time. */
export type Progress = (line: string) => void;

/** A virtual environment, such as an engine's: name, pinned requirements, what they bring and Python version. */
export interface Installation {
  readonly name: string;
  readonly requirements: string;
  /** What must be importable before the environment counts as installed, such as `ministack.app`. */
  readonly modules: readonly string[];
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

/** Returns the path of an environment's Python where the environment is installed and works, else `undefined`. */
export async function findInstalled(
  installation: Pick<Installation, 'name' | 'requirements' | 'root' | 'modules'>,
): Promise<string | undefined> {
  const folder = await environmentFolder(installation);
  const python = join(folder, 'bin', 'python');
  // An environment breaks when the Python it was created from is removed, so it is run. It finds each module without loading it: 20 ms.
  const findModules = `import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, sys.argv[1:])))`;
  const works = async () =>
    (await captureOutput(python, ['-I', '-c', findModules, ...installation.modules])) !== undefined;
  return existsSync(join(folder, 'installed')) && (await works()) ? python : undefined;
}

/** Installs pinned requirements unless they are installed already. Returns the path of the environment's Python. */
export async function install(installation: Installation): Promise<string> {
  const installed = await findInstalled(installation);
  if (installed !== undefined) return installed;
  const folder = await environmentFolder(installation);
  const started = Date.now();
  const found = await findPython(installation.python);
  const report = (line: string) => installation.progress(`${installation.name}: ${line}`);
  const script = join(import.meta.dirname, 'install.py');
  const uv = found.uv === undefined ? [] : [found.uv];
  const args = ['-I', script, folder, installation.requirements, installation.modules.join(','), ...uv];
  await runWithProgress(installation.name, found.python, args, report);
  report(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return join(folder, 'bin', 'python');
}

function runWithProgress(name: string, file: string, args: readonly string[], report: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: pythonEnvironment() });
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
