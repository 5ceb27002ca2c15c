import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The Python versions that an engine supports. */
export interface PythonRequirement {
  /** The name in messages, such as `Python 3.13`. */
  readonly label: string;
  readonly isSupported: (major: number, minor: number) => boolean;
  /** The version that `uv` installs if no supported Python is found, for example `3.13`. */
  readonly uvRequest: string;
}

/** Runs a program and returns its trimmed standard output, or `undefined` if it could not be started or failed. */
export type CaptureOutput = (file: string, args: readonly string[]) => Promise<string | undefined>;

/** The Python to use, and `uv` if it is installed. */
export interface PythonInstallation {
  readonly python: string;
  readonly uv: string | undefined;
}

const execFileAsync = promisify(execFile);

/** Returns the environment without the variables that change any Python: `PYTHONHOME` alone keeps every one from starting. */
export const pythonEnvironment = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(PYTHON|__PYVENV_LAUNCHER__$)/.test(name)));

/** Runs a program with a timeout of 120 s. A pyenv shim without a version exits non-zero, and so counts as absent. */
export const captureOutput: CaptureOutput = async (file, args) => {
  try {
    return (await execFileAsync(file, [...args], { timeout: 120_000, env: pythonEnvironment() })).stdout.trim();
  } catch {
    return undefined;
  }
};

/** Lists the Pythons to consider: by name on PATH, then all versions under pyenv, newest first. */
export function pythonCandidates(env: NodeJS.ProcessEnv = process.env): string[] {
  const names = ['python3', 'python', ...['3.13', '3.14', '3.12', '3.11', '3.10'].map((version) => `python${version}`)];
  const roots = [...new Set([env.PYENV_ROOT ?? '', join(homedir(), '.pyenv')])].filter((root) => root !== '');
  return [...names, ...roots.flatMap((root) => pyenvVersions(join(root, 'versions')))];
}

function pyenvVersions(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .reverse()
      .map((version) => join(folder, version, 'bin', 'python3'));
  } catch {
    return [];
  }
}

// Debian packages Python without venv; such a Python can be used only if uv creates the environment.
const PROBE_SCRIPT =
  'import sys,importlib.util as u;print(*sys.version_info[:2],bool(u.find_spec("ensurepip")),sys.executable)';

async function probePython(candidate: string, run: CaptureOutput) {
  const output = await run(candidate, ['-c', PROBE_SCRIPT]);
  const [major, minor, venv, python] = output?.match(/^(\d+) (\d+) (\w+) (.+)$/)?.slice(1) ?? [];
  if (python === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), hasVenv: venv === 'True', python };
}

/** Finds the first supported Python, or installs one with uv. Throws an error that names the ways to get one otherwise. */
export async function findPython(
  requirement: PythonRequirement,
  candidates: readonly string[] = pythonCandidates(),
  run: CaptureOutput = captureOutput,
): Promise<PythonInstallation> {
  const uv = (await run('uv', ['--version'])) === undefined ? undefined : 'uv';
  const rejected = new Set<string>();
  let lackingVenv: string | undefined;
  for (const candidate of candidates) {
    const probed = await probePython(candidate, run);
    if (probed === undefined) continue;
    const { major, minor, hasVenv, python } = probed;
    const usable = uv !== undefined || hasVenv;
    if (usable && requirement.isSupported(major, minor)) return { python, uv };
    if (requirement.isSupported(major, minor)) lackingVenv ??= `${major}.${minor}`;
    rejected.add(`${major}.${minor}${usable ? '' : ' without venv'}`);
  }
  if (uv !== undefined) {
    await run(uv, ['python', 'install', '--quiet', requirement.uvRequest]);
    const python = await run(uv, ['python', 'find', requirement.uvRequest]);
    if (python !== undefined) return { python, uv };
  }
  throw new Error(missingPython(requirement, rejected, lackingVenv));
}

function missingPython(
  { label, uvRequest }: PythonRequirement,
  rejected: ReadonlySet<string>,
  lackingVenv: string | undefined,
): string {
  if (lackingVenv !== undefined) {
    return (
      `Python ${lackingVenv} is here without venv (${label} with venv is needed): install it ` +
      `(Debian and Ubuntu: \`sudo apt install python3-venv\`, or python${lackingVenv}-venv), or install uv, which needs none.`
    );
  }
  const found = rejected.size === 0 ? 'none' : [...rejected].join(', ');
  return (
    `${label} is needed and was not found on PATH, under pyenv or through uv (found: ${found}); ` +
    `install it (for example \`pyenv install ${uvRequest}\`), or install uv, which fetches it by itself.`
  );
}
