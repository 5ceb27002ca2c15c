import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A running program. */
export type TiedProgram = { stop(): Promise<void> };

// The kernel closes the shell's input when this process ends, even when it is killed.
const TIED = 'signal=$1; shift; "$@" & program=$!; cat; kill -s $signal $program; wait $program; kill -s KILL 0';

/** Starts a program that is ended by `signal` when it is stopped or when this process ends, however it ends. */
export function startTied(
  command: readonly string[],
  {
    signal = 'TERM',
    stderr = 'ignore',
    ...options
  }: {
    cwd: string;
    env: NodeJS.ProcessEnv;
    uid?: number;
    gid?: number;
    signal?: 'INT' | 'TERM';
    stderr?: 'ignore' | 'inherit';
  },
): TiedProgram {
  const child = spawn('/bin/sh', ['-c', TIED, 'sh', signal, ...command], {
    ...options,
    detached: true,
    stdio: ['pipe', 'ignore', stderr],
  });
  const ended = once(child, 'exit');
  child.unref();
  return {
    async stop() {
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}
