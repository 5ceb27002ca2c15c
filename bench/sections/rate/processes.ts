import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { pinnedNode } from '../../../localstack/engines.ts';
import type { Report } from './control.ts';

const MAX_ERROR_OUTPUT = 1_500;
const POLL_INTERVAL_MS = 2;

/** A contestant's consumers, each in a process of its own. */
export class ConsumerProcesses {
  /** The number of messages done so far. */
  done = 0;
  private readonly children: ChildProcess[] = [];
  private readonly cpuMsByPid = new Map<number, number>();
  private errorOutput = '';

  /** Starts a process of a module and waits until it consumes. */
  async start(module: string, args: readonly string[], env: Record<string, string>): Promise<void> {
    const child = fork(module, args, {
      execPath: pinnedNode(),
      execArgv: [],
      env: { PATH: process.env.PATH, TZ: 'UTC', ...env },
      // Logs are written, as in production, and discarded.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.children.push(child);
    child.stderr?.on('data', (text: Buffer) => {
      this.errorOutput = (this.errorOutput + text.toString()).slice(-MAX_ERROR_OUTPUT);
    });
    child.on('message', ({ done = 0, cpuMs }: Report) => {
      this.done += done;
      this.cpuMsByPid.set(child.pid ?? 0, cpuMs);
    });
    const failed = once(child, 'exit').then(() => {
      throw new Error(`${module} ended: ${this.errorOutput}`);
    });
    await Promise.race([once(child, 'message'), failed]);
  }

  /** Waits until this many messages are done in total; throws after `seconds`. */
  async waitUntilDone(wanted: number, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1_000;
    while (this.done < wanted) {
      if (Date.now() > deadline)
        throw new Error(`${this.done} of ${wanted} messages were done within ${seconds} s. ${this.errorOutput}`);
      await pause(POLL_INTERVAL_MS);
    }
  }

  /** Makes every process pause or resume consumption, and waits until it has. */
  async command(command: 'pause' | 'resume'): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        child.send(command);
        for await (const [{ paused, ready }] of on(child, 'message') as AsyncIterable<[Report]>) {
          if (command === 'pause' ? paused : ready) break;
        }
      }),
    );
  }

  /** The CPU time of all processes as of their last reports, in milliseconds. */
  cpuMs(): number {
    return [...this.cpuMsByPid.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Kills all processes. */
  async stop(): Promise<void> {
    const running = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }
}
