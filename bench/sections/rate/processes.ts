import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { pinnedNode } from '../../../localstack/engines.ts';

const NOISE = 1_500;

/** What a consumer's process tells: that it consumes, how many messages it has just finished, that it does not consume for now. */
export type Told = { ready?: true; done?: number; paused?: true };

/** A contestant's consumers, each in a process of its own. */
export class Processes {
  /** How many messages were finished so far. */
  done = 0;
  private readonly children: ChildProcess[] = [];
  private readonly waiting = new Set<() => void>();
  private noise = '';

  /** Takes a module with its arguments and environment, starts a process of it and waits until it consumes. */
  async start(module: string, args: readonly string[], env: Record<string, string>): Promise<void> {
    const child = fork(module, args, {
      execPath: pinnedNode(),
      execArgv: [],
      env: { PATH: process.env.PATH, TZ: 'UTC', ...env },
      // What functions log is written, and read by nobody.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.children.push(child);
    child.stderr?.on('data', (text: Buffer) => {
      this.noise = (this.noise + text.toString()).slice(-NOISE);
    });
    child.on('message', ({ done = 0 }: Told) => {
      this.done += done;
      if (done > 0) for (const look of this.waiting) look();
    });
    const failed = once(child, 'exit').then(() => {
      throw new Error(`${module} ended: ${this.noise}`);
    });
    failed.catch(() => {});
    await Promise.race([once(child, 'message'), failed]);
  }

  /** Takes how many messages there shall be and waits until so many were finished, and not more. */
  async finished(wanted: number, seconds: number): Promise<void> {
    if (this.done >= wanted) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (this.done >= wanted) resolve();
    };
    const late = () =>
      reject(new Error(`${this.done} of ${wanted} messages were finished in ${seconds} s. ${this.noise}`));
    const timer = setTimeout(late, seconds * 1_000);
    this.waiting.add(look);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(look);
    }
  }

  /** Asks every process to stop consuming, or to begin again, and waits until it has. */
  async tell(wish: 'pause' | 'resume'): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        const answer = new Promise<void>((answered) => {
          const listen = ({ paused, ready }: Told) => {
            if (!(wish === 'pause' ? paused : ready)) return;
            child.off('message', listen);
            answered();
          };
          child.on('message', listen);
        });
        child.send(wish);
        await answer;
      }),
    );
  }

  /** The processor time that they took so far, in seconds. */
  async cpuSeconds(): Promise<number> {
    const times = await Promise.all(this.children.map(({ pid = 0 }) => cpuSeconds(pid)));
    return times.reduce((sum, one) => sum + one, 0);
  }

  /** Ends them all at once. */
  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }
}

/** Takes a process's id and gives the processor time it took, in seconds; not a number where the system does not say. */
export async function cpuSeconds(pid: number): Promise<number> {
  return (await statOf(pid)).seconds;
}

/** Takes a process group's id and gives the processor time that all its processes took, in seconds. */
export async function groupCpuSeconds(group: number): Promise<number> {
  const listed = await readdir('/proc').catch(() => []);
  const all = await Promise.all(listed.filter((name) => /^\d+$/.test(name)).map((name) => statOf(Number(name))));
  const own = all.filter((one) => one.group === group);
  return own.length === 0 ? Number.NaN : own.reduce((sum, { seconds }) => sum + seconds, 0);
}

async function statOf(pid: number): Promise<{ group: number; seconds: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold spaces. After it: the state, the parent, the group; the 12th and 13th are ticks, a hundred a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { group: Number(fields[2]), seconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
