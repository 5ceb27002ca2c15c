import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { localFolder } from '../../localstack/engines.ts';
import { install } from '../../localstack/install.ts';
import { orOffline } from '../contracts/tools.ts';

/** What a tool printed, and the code that it exited with: linters exit with another than 0 when they find something. */
export type ToolResult = { exitCode: number; stdout: string; stderr: string };

/** Runs an installed tool; throws only where it could not be started. */
export type PythonTool = (args: readonly string[], options?: { cwd?: string }) => Promise<ToolResult>;

/** How long the first use may take: it installs the packages. In milliseconds. */
export const INSTALL_TIMEOUT = 600_000;

const run = promisify(execFile);
const requirements = join(import.meta.dirname, '..', 'lint', 'requirements.txt');

/** Installs the Python packages of a lock file once, outside of the project's own. Returns the interpreter that has them. */
export const installPackages = (name: string, lockFile: string, module: string): Promise<string> =>
  install({
    name,
    requirements: lockFile,
    modules: [module],
    python: {
      label: 'Python 3.10 or newer',
      isSupported: (major, minor) => major === 3 && minor >= 10,
      uvRequest: '3.13',
    },
    root: join(localFolder, 'tools'),
    progress: () => {},
  });

/**
 * Returns a linter that `test/lint/requirements.txt` pins, installed on the first use and kept, or why its test is skipped: its
 * packages cannot be fetched from here. Throws where there is no Python for it, and in continuous integration instead of skipping.
 */
export const pythonTool = (name: 'cfn-lint' | 'zizmor'): Promise<{ tool: PythonTool } | { missing: string }> =>
  orOffline(async () => {
    const python = await installPackages('lint', requirements, 'cfnlint');
    return (args, options = {}) => runTool(join(dirname(python), name), args, options);
  });

async function runTool(file: string, args: readonly string[], { cwd }: { cwd?: string }): Promise<ToolResult> {
  try {
    const output = await run(file, [...args], { maxBuffer: 64 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) });
    return { exitCode: 0, ...output };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { exitCode: code, stdout, stderr };
  }
}
