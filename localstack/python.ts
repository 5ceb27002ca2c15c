import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What an engine asks of the Python that runs it. */
export interface PythonRequirement {
  /** What to call it in a sentence, such as `Python 3.13`. */
  readonly label: string;
  readonly suits: (major: number, minor: number) => boolean;
  /** What `uv` is asked for where no other Python suits, for example `3.13`. */
  readonly uvRequest: string;
}

/** Runs a program and gives its output, or nothing when it could not be run or failed. */
export type TryRun = (file: string, args: readonly string[]) => Promise<string | undefined>;

/** The Python to use, and the `uv` to install with where there is one. */
export interface FoundPython {
  readonly python: string;
  readonly uv: string | undefined;
}

const run = promisify(execFile);

/** Runs a program of this machine; a shim that exits non-zero counts as absent. */
export const tryRun: TryRun = async (file, args) => {
  try {
    return (await run(file, [...args], { timeout: 120_000 })).stdout.trim();
  } catch {
    return undefined;
  }
};

/** The Pythons that may be on this machine: by name on PATH, then every one that pyenv installed. */
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

// A Debian Python without the venv package runs, but cannot make an environment unless uv does.
const ASK = 'import sys,importlib.util as u;print(*sys.version_info[:2],bool(u.find_spec("ensurepip")),sys.executable)';

/** Finds a Python that suits by trying each candidate; throws one sentence that names the ways out if none does. */
export async function findPython(
  requirement: PythonRequirement,
  candidates: readonly string[] = pythonCandidates(),
  attempt: TryRun = tryRun,
): Promise<FoundPython> {
  const uv = (await attempt('uv', ['--version'])) === undefined ? undefined : 'uv';
  const seen = new Set<string>();
  for (const candidate of candidates) {
    const answer = await attempt(candidate, ['-c', ASK]);
    const [major, minor, venv, python] = answer?.match(/^(\d+) (\d+) (\w+) (.+)$/)?.slice(1) ?? [];
    if (major === undefined || minor === undefined || python === undefined) continue;
    const usable = uv !== undefined || venv === 'True';
    seen.add(`${major}.${minor}${usable ? '' : ' without venv'}`);
    if (usable && requirement.suits(Number(major), Number(minor))) return { python, uv };
  }
  if (uv !== undefined) {
    await attempt(uv, ['python', 'install', '--quiet', requirement.uvRequest]);
    const python = await attempt(uv, ['python', 'find', requirement.uvRequest]);
    if (python !== undefined) return { python, uv };
  }
  const found = seen.size === 0 ? 'none' : [...seen].join(', ');
  throw new Error(
    `${requirement.label} is needed and was not found on PATH, under pyenv or through uv (found: ${found}); ` +
      `install it (for example \`pyenv install ${requirement.uvRequest}\`), or install uv, which fetches it by itself.`,
  );
}
