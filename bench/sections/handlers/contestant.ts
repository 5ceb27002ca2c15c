import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Request } from './measured.ts';

// While one of them measures it hears of nothing, not even that it was left alone.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A contestant in its own process, warmed up, that measures itself when it is asked to. */
export class MeasuredProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
  }

  /** Takes a bundle and gives its process once it is warm; what it writes to its log goes nowhere, but is written. */
  static async start(bundle: string): Promise<MeasuredProcess> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'measured.ts'), bundle], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env.PATH, AWS_LAMBDA_FUNCTION_NAME: 'payment', AWS_REGION: 'eu-west-1' },
    });
    const started = new MeasuredProcess(child);
    await started.#answer();
    return started;
  }

  async measure(request: Request): Promise<Answer> {
    this.#child.send(request);
    return (await this.#answer()) as Answer;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #answer(): Promise<unknown> {
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`A measured handler ended with code ${code}`);
    });
    ended.catch(() => {});
    try {
      const [answer] = await Promise.race([once(this.#child, 'message', { signal }), ended]);
      return answer;
    } finally {
      settled.abort();
    }
  }
}
