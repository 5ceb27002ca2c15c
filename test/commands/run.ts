import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineEnvironment } from '../../localstack/environment.ts';

export type Ended = { code: number | null; signal: NodeJS.Signals | null };
export type Options = { closed?: readonly ('stdout' | 'stderr')[]; env?: NodeJS.ProcessEnv; input?: string };

/** A command in a process of its own, without a terminal. */
export class RunningCommand {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(endpoint: string, args: readonly string[], { closed = [], env = {}, input = '' }: Options = {}) {
    this.child = spawn(process.execPath, ['ops/main.ts', ...args], {
      env: {
        ...engineEnvironment(endpoint),
        NODE_COMPILE_CACHE: join(tmpdir(), 'shop-compile-cache'),
        // Whole lines, whatever the shell that runs the tests exports.
        COLUMNS: '',
        ...env,
      },
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.child.stdout?.on('data', (some) => {
      this.stdout += some;
    });
    this.child.stderr?.on('data', (some) => {
      this.stderr += some;
    });
    // Before the command can write anything: it takes a while to start.
    for (const name of closed) this.child[name]?.destroy();
    this.child.stdin?.end(input);
  }

  /** Resolves once standard error says so. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.stderr)) {
      const next = this.child.stderr && once(this.child.stderr, 'data');
      const end = await Promise.race([next, this.ended.then(() => 'ended')]);
      if (end === 'ended' && !what.test(this.stderr)) throw new Error(`It ended and said only: ${this.stderr}`);
    }
  }
}
