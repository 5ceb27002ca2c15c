import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pinnedNode } from '../../localstack/engines.ts';

/** A program that ends with us. */
export type Kept = {
  /** The program's own process, to look at. */
  pid: number;
  /** Waits until the condition holds; throws with the end of the program's log where it ends or takes too long. */
  until(what: string, condition: () => Promise<boolean>, seconds?: number): Promise<void>;
  stop(): Promise<void>;
};

/** Takes a command with its folder, environment and log file, and starts it so that its whole process group ends with us. */
export async function keep(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env, log }: { cwd: string; env: NodeJS.ProcessEnv; log: string },
): Promise<Kept> {
  const output = openSync(log, 'a');
  const keeper = fork(join(import.meta.dirname, 'keeper.ts'), [file, ...args], {
    cwd,
    env,
    execPath: pinnedNode(),
    execArgv: [],
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  const ended = once(keeper, 'exit');
  const [{ pid }] = (await once(keeper, 'message')) as [{ pid: number }];
  keeper.unref();
  keeper.channel?.unref();
  return {
    pid,
    until: (what, condition, seconds = 60) => until(what, condition, seconds, keeper, log),
    async stop() {
      keeper.ref();
      if (keeper.connected) keeper.disconnect();
      await ended;
    },
  };
}

async function until(
  what: string,
  condition: () => Promise<boolean>,
  seconds: number,
  keeper: ChildProcess,
  log: string,
): Promise<void> {
  const patience = Date.now() + seconds * 1_000;
  while (!(await condition().catch(() => false))) {
    if (keeper.exitCode !== null || Date.now() > patience) {
      const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-20).join('\n');
      throw new Error(`${what} did not come about. The end of its log:\n${tail}`);
    }
    await new Promise((soon) => setTimeout(soon, 50));
  }
}
