import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { localFolder } from './engines.ts';
import type { Progress } from './install.ts';
import { pythonCandidates, pythonEnvironment } from './python.ts';

export interface LockOptions {
  /** What holds the lock, for those who wait: `ops demo`. ASCII. */
  readonly holder: string;
  readonly progress: Progress;
  /** The folder that is locked. @default .local */
  readonly folder?: string;
}

/**
 * Runs work while no other process does any under the lock of the same folder; waits for one that does, and says so. The lock ends with this
 * process, even if it is killed. Node has no such lock and Python has, so without any Python, where no engine can be started, nothing is locked.
 */
export async function withLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const release = await acquire(options);
  try {
    return await work();
  } finally {
    await release?.();
  }
}

async function acquire(options: LockOptions): Promise<(() => Promise<void>) | undefined> {
  mkdirSync(options.folder ?? localFolder, { recursive: true });
  for (const python of [...installedPythons(), ...pythonCandidates()]) {
    const release = await acquireWith(python, options);
    if (release !== undefined) return release;
  }
  return undefined;
}

/** Lists the Pythons of installed engines, which start faster than a shim on PATH. */
function installedPythons(): string[] {
  const folder = join(localFolder, 'engines');
  try {
    return readdirSync(folder).map((name) => join(folder, name, 'bin', 'python'));
  } catch {
    return [];
  }
}

/** Waits for the lock with one Python. Returns what releases it, or `undefined` if that Python does not run. */
async function acquireWith(python: string, { holder, progress, folder = localFolder }: LockOptions) {
  const args = ['-I', join(import.meta.dirname, 'lock.py'), join(folder, 'lock'), `${holder} (process ${process.pid})`];
  const child = spawn(python, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: pythonEnvironment(),
    // A group of its own: a Ctrl-C in the terminal must not end the lock before the work that it protects.
    detached: true,
  });
  const ended = once(child, 'close').catch(() => undefined);
  // A Python that does not start closes the pipe, too.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout);
  const locked = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => {
      const waiting = line.match(/^waiting (.*) (\(process \d+\))$/);
      if (line === 'locked') resolve(true);
      else if (waiting !== null)
        progress(`waiting for \`${waiting[1]}\` ${waiting[2]}, which is at work in this clone`);
    });
    void ended.then(() => resolve(false));
  });
  if (!(await locked)) return undefined;
  return async () => {
    child.stdin.end();
    await ended;
  };
}
