import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A running program; its outputs are there where they were asked for. `ended` is kept when it has ended, however it did. */
export type TiedProgram = {
  stdout: Readable | null;
  stderr: Readable | null;
  ended: Promise<unknown>;
  stop(): Promise<void>;
};

// The kernel closes the shell's input when this process ends, even when it is killed. Whatever ends first, the program or that, ends the other.
const TIED =
  'signal=$1; shift; exec 3<&0; "$@" & program=$!; { cat <&3 >/dev/null; kill -s $signal $program; } & wait $program; kill -s KILL 0';

/** Starts a program that is ended by `signal` when it is stopped or when this process ends, however it ends. */
export function startTied(
  command: readonly string[],
  {
    signal = 'TERM',
    stdout = 'ignore',
    stderr = 'ignore',
    ...options
  }: {
    cwd?: string;
    env: NodeJS.ProcessEnv;
    uid?: number;
    gid?: number;
    signal?: 'INT' | 'TERM';
    stdout?: 'ignore' | 'pipe';
    stderr?: 'ignore' | 'inherit' | 'pipe';
  },
): TiedProgram {
  const child = spawn('/bin/sh', ['-c', TIED, 'sh', signal, ...command], {
    ...options,
    detached: true,
    stdio: ['pipe', stdout, stderr],
  });
  const ended = once(child, 'exit');
  child.unref();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    async stop() {
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}
