import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { pinnedNode } from '../../localstack/engines.ts';
import { NO_SHARED_CONFIG } from '../../localstack/environment.ts';

/** The result of an invocation; `crashed` covers a killed process and one that timed out. */
export type InvocationResult = { result: unknown } | { error: string } | { crashed: 'killed' | 'timed out' };

/** A function's bundle, its environment, its time limit, and where its output goes. */
export type FunctionSetup = {
  bundle: string;
  environment: Record<string, string>;
  timeoutMs: number;
  log: (text: string) => void;
  /** The file of the test's clock. @default the time that was skipped at the start of an invocation */
  clockFile?: string;
};

/** A process that was stopped in the middle of an invocation. */
type Frozen = { child: ChildProcess; invocation: number; thawed: () => void };

const TIME_SCALE = 10;

// A stopped process does not notice that this one ends.
const stopped = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of stopped) child.kill('SIGKILL');
});

/** An execution environment of a function: a process that handles one event at a time and can be killed. */
export class FunctionInstance {
  /** The error of this instance's clock at each invocation, in milliseconds. */
  clockError: () => number = () => 0;
  /** The factor by which waits within the function are shortened. */
  timeScale = TIME_SCALE;
  /** The time after which an invocation is killed with its process. */
  timeoutMs: number;
  /** The messages that it is handling. */
  handling: readonly string[] = [];
  /** The CPU time of its process as of its last response, in microseconds. */
  cpuMicros = 0;
  private readonly setup: FunctionSetup;
  private child: ChildProcess | undefined;
  private starting: Promise<ChildProcess> | undefined;
  private invocations = 0;
  private timeOut: () => void = () => {};
  private readonly frozen: Frozen[] = [];

  constructor(setup: FunctionSetup) {
    this.setup = setup;
    this.timeoutMs = setup.timeoutMs;
  }

  /** Starts the process unless it runs, and waits until its bundle is loaded. */
  start(): Promise<ChildProcess> {
    this.starting ??= this.coldStart();
    return this.starting;
  }

  private async coldStart(): Promise<ChildProcess> {
    const { bundle, environment, log, clockFile } = this.setup;
    const child = fork(
      join(import.meta.dirname, 'function-host.ts'),
      clockFile === undefined ? [bundle] : [bundle, clockFile],
      {
        execPath: pinnedNode(),
        execArgv: [],
        env: {
          PATH: process.env.PATH,
          TZ: 'UTC',
          ...NO_SHARED_CONFIG,
          NODE_COMPILE_CACHE: join(bundle, '..', '..', 'compiled'),
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        serialization: 'json',
      },
    );
    this.child = child;
    // The child ends with this process and must not keep it alive.
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

  /** Invokes the function with an event; kills the process when the time limit is exceeded. */
  async invoke(event: SQSEvent, skippedMs: number): Promise<InvocationResult> {
    const child = await this.start();
    const { timeoutMs } = this;
    this.invocations += 1;
    const id = this.invocations;
    let late = false;
    return new Promise<InvocationResult>((done) => {
      const timer = setTimeout(() => {
        late = true;
        this.crash();
      }, timeoutMs);
      const onExit = () => end({ crashed: late ? 'timed out' : 'killed' });
      const onMessage = ({ cpuMicros, ...message }: { id: number; cpuMicros: number } & InvocationResult) => {
        if (message.id !== id) return;
        this.cpuMicros = cpuMicros;
        end(message);
      };
      const end = (outcome: InvocationResult) => {
        this.timeOut = () => {};
        this.handling = [];
        clearTimeout(timer);
        child.off('exit', onExit);
        child.off('message', onMessage);
        done(outcome);
      };
      this.timeOut = () => end({ crashed: 'timed out' });
      this.handling = event.Records.map(({ messageId }) => messageId);
      child.once('exit', onExit);
      child.on('message', onMessage);
      child.send({ id, event, timeoutMs, skippedMs, clockErrorMs: this.clockError(), timeScale: this.timeScale });
    });
  }

  /**
   * Stops the process where it is and starts another one. For the event source the invocation has timed out. Resolves when the process is
   * thawed.
   */
  freeze(): Promise<void> {
    const { child } = this;
    if (child === undefined) return Promise.resolve();
    child.kill('SIGSTOP');
    stopped.add(child);
    child.once('exit', () => stopped.delete(child));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.frozen.push({ child, invocation: this.invocations, thawed: resolve });
    this.child = undefined;
    this.starting = undefined;
    this.timeOut();
    this.start().catch(() => {});
    return promise;
  }

  /** Lets the frozen processes go on, waits until each has ended its invocation, and kills them; returns how many there were. */
  async thaw(): Promise<number> {
    const frozen = this.frozen.splice(0);
    for (const { child, invocation, thawed } of frozen) {
      const ended = new Promise<void>((done) => {
        child.once('exit', () => done());
        child.on('message', ({ id }: { id?: number }) => {
          if (id === invocation) done();
        });
      });
      child.kill('SIGCONT');
      thawed();
      await ended;
      child.kill('SIGKILL');
    }
    return frozen.length;
  }

  /** Resets the clock error, the time limit and the time scale, and ends frozen processes. */
  restore(): void {
    for (const { child, thawed } of this.frozen.splice(0)) {
      child.kill('SIGKILL');
      thawed();
    }
    this.clockError = () => 0;
    this.timeoutMs = this.setup.timeoutMs;
    this.timeScale = TIME_SCALE;
  }

  /** Kills the process and starts another one, as Lambda does after a crash. */
  crash(): void {
    this.kill();
    this.start().catch(() => {});
  }

  /** Kills the process. */
  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.starting = undefined;
  }
}
