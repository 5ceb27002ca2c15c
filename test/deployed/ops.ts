import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import { engineEnvironment } from '../../localstack/environment.ts';

const main = join(import.meta.dirname, '..', '..', 'ops', 'main.ts');

/** Starts an ops command in a process of its own, as an operator does, on the suite's engine. */
export const startOps = (...args: string[]) =>
  spawn(process.execPath, [main, ...args], {
    env: engineEnvironment(inject('endpoint')),
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Runs an ops command with `--json`; returns its document, `undefined` where it printed none, what it said, and its exit code. */
export async function runOps(...args: string[]) {
  const child = startOps(...args, '--json');
  const [output, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said, result: output === '' ? undefined : JSON.parse(output) };
}
