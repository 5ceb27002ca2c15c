import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { pinnedNode } from '../../localstack/engines.ts';

/** What came of an invocation; `crashed` covers a killed process and one that ran out of time. */
export type Invoked = { result: unknown } | { error: string } | { crashed: 'killed' | 'timed out' };

/** How a function is run: its bundle, the environment the stack gave it, and where its output goes. */
export type FunctionSetup = {
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  log: (text: string) => void;
};

const HASTE = 10;

/** One execution environment of a function: a process of its own that handles one event at a time and can be killed. */
export class Instance {
  /** What this instance's clock is wrong by, asked at each invocation; in milliseconds. */
  clockError: () => number = () => 0;
  /** How many times shorter waits within the function are than they say. */
  haste = HASTE;
  /** After so long an invocation is ended with its process. */
  timeoutMs: number;
  /** The CPU time its process had used when it last answered, in microseconds. */
  cpuMicros = 0;
  private readonly setup: FunctionSetup;
  private child: ChildProcess | undefined;
  private starting: Promise<ChildProcess> | undefined;
  private invocations = 0;

  constructor(setup: FunctionSetup) {
    this.setup = setup;
    this.timeoutMs = setup.timeoutMs;
  }

  /** Starts the process unless it runs, and waits until the bundle is loaded: a cold start. */
  start(): Promise<ChildProcess> {
    this.starting ??= this.coldStart();
    return this.starting;
  }

  private async coldStart(): Promise<ChildProcess> {
    const { bundle, environment, log } = this.setup;
    const child = fork(join(import.meta.dirname, 'function-host.ts'), [bundle], {
      execPath: pinnedNode(),
      execArgv: [],
      env: {
        PATH: process.env.PATH,
        TZ: 'UTC',
        NODE_COMPILE_CACHE: join(bundle, '..', '..', 'compiled'),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    });
    this.child = child;
    // It ends with us, and does not keep us from ending.
    child.unref();
    child.channel?.unref();
    child.stdout?.on('data', (text: Buffer) => log(text.toString()));
    child.stderr?.on('data', (text: Buffer) => log(text.toString()));
    child.once('exit', () => {
      if (this.child !== child) return;
      this.child = undefined;
      this.starting = undefined;
    });
    await new Promise<void>((ready, failed) => {
      child.once('message', () => ready());
      child.once('exit', () => failed(new Error(`${bundle} could not be loaded`)));
    });
    return child;
  }

  /** Hands an event to the function and gives what came of it; kills it where it takes longer than it may. */
  async invoke(event: SQSEvent, skippedMs: number): Promise<Invoked> {
    const child = await this.start();
    const { timeoutMs } = this;
    this.invocations += 1;
    const id = this.invocations;
    let late = false;
    return new Promise<Invoked>((done) => {
      const timer = setTimeout(() => {
        late = true;
        this.crash();
      }, timeoutMs);
      const onExit = () => end({ crashed: late ? 'timed out' : 'killed' });
      const onMessage = ({ cpuMicros, ...message }: { id: number; cpuMicros: number } & Invoked) => {
        if (message.id !== id) return;
        this.cpuMicros = cpuMicros;
        end(message);
      };
      const end = (outcome: Invoked) => {
        clearTimeout(timer);
        child.off('exit', onExit);
        child.off('message', onMessage);
        done(outcome);
      };
      child.once('exit', onExit);
      child.on('message', onMessage);
      child.send({ id, event, timeoutMs, skippedMs, clockErrorMs: this.clockError(), haste: this.haste });
    });
  }

  /** Makes its clock right and its time limit the deployed one. */
  restore(): void {
    this.clockError = () => 0;
    this.timeoutMs = this.setup.timeoutMs;
    this.haste = HASTE;
  }

  /** Ends the process at once, wherever it is, and lets another one start: Lambda replaces what crashes. */
  crash(): void {
    this.kill();
    this.start().catch(() => {});
  }

  /** Ends the process at once, and for good. */
  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.starting = undefined;
  }
}
