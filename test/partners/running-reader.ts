import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { engineEnvironment } from '../../localstack/environment.ts';
import { eventually, temporaryFolder } from '../harness/engine.ts';
import { FaultProxy } from '../harness/fault-proxy.ts';
import type { ApiCall } from '../harness/protocol.ts';

type Event = CloudEvent & { data: { orderId: string; sequence?: number } };

const RECEIVE = /^sqs\.ReceiveMessage$/;

/** An example reader in a process of its own, behind a proxy that sees its calls. Its journal outlives the process. */
export class RunningReader {
  private readonly proxy: FaultProxy;
  /** The calls that the engine answered. */
  readonly calls: ApiCall[] = [];
  /** All that the processes printed. */
  output = '';
  private readonly journal = join(temporaryFolder('reader'), 'journal.jsonl');
  private readonly kept = `${this.journal}.kept`;
  private readonly command: readonly string[];
  private readonly env: Readonly<Record<string, string>>;
  private readonly engine: string;
  private endpoint = '';
  private child: ChildProcess | undefined;

  constructor(engine: string, command: readonly string[], env: Readonly<Record<string, string>>) {
    this.engine = engine;
    this.command = command;
    this.env = env;
    this.proxy = new FaultProxy(engine);
    this.proxy.observe = (call) => this.calls.push(call);
  }

  /**
   * Starts the reader with nothing but what an existing service has, an endpoint, credentials and the addresses of its queues, and waits until
   * it asks for messages.
   */
  async start(...args: string[]): Promise<void> {
    if (this.endpoint === '')
      this.endpoint = await this.proxy.open('reader', { crash: () => this.child?.kill('SIGKILL') });
    const [file = '', ...given] = this.command;
    // The SDK for JavaScript goes where the queue's URL points.
    const own = Object.entries(this.env).map(([name, value]) => [name, value.replace(this.engine, this.endpoint)]);
    const env = { ...engineEnvironment(this.endpoint), ...Object.fromEntries(own), JOURNAL: this.journal };
    const child = spawn(file, [...given, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.output += text));
    process.once('exit', () => child.kill('SIGKILL'));
    this.child = child;
    const asked = this.proxy.calls(/^reader$/, RECEIVE);
    await eventually(
      'the reader asks for messages',
      async () => this.proxy.calls(/^reader$/, RECEIVE) > asked || undefined,
      60,
    );
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Kills the process, and closes its endpoint. */
  async end(): Promise<void> {
    if (this.isRunning && this.child !== undefined) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    await this.proxy.close();
  }

  /** Tells the process to end, and returns its exit code. */
  async stop(): Promise<number | null> {
    if (!this.isRunning || this.child === undefined) throw new Error(`The reader ended by itself: ${this.output}`);
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
    return this.child.exitCode;
  }

  /** Reads the events that the reader worked on, in the order in which it did. */
  async done(orderId?: string): Promise<Event[]> {
    if (!existsSync(this.journal) || (await this.isBroken())) return [];
    const lines = (await readFile(this.journal, 'utf8')).split('\n').filter(Boolean);
    const events = lines.map((line): Event => JSON.parse(line));
    return events.filter(({ data }) => orderId === undefined || data.orderId === orderId);
  }

  /** Counts how often the reader said that it skipped an event of an order. */
  skips(orderId: string): number {
    return this.output.split('\n').filter((line) => line.includes('skipped ') && line.endsWith(orderId)).length;
  }

  /** Kills the process at its next such call, which never reaches the queue. */
  killAt(...operation: string[]): void {
    this.proxy.add({ fault: { kind: 'crash', when: 'before' }, operation, times: 1 });
  }

  /** Lets all work fail, as that of a service whose database is down, until `repairWork`. */
  async breakWork(): Promise<void> {
    if (existsSync(this.journal)) await rename(this.journal, this.kept);
    await mkdir(this.journal);
  }

  /** Undoes `breakWork`. */
  async repairWork(): Promise<void> {
    if (await this.isBroken()) await rmdir(this.journal);
    if (existsSync(this.kept)) await rename(this.kept, this.journal);
  }

  /** Returns after how many seconds each failed message of a queue was to come again, since a call. */
  waits(queueUrl: string, since: number): number[] {
    const { pathname } = new URL(queueUrl);
    return this.calls.slice(since).flatMap(({ operation, body }) => {
      if (!String(body.QueueUrl).endsWith(pathname)) return [];
      if (operation === 'ChangeMessageVisibility') return [Number(body.VisibilityTimeout)];
      if (operation !== 'ChangeMessageVisibilityBatch') return [];
      return body.Entries.map((entry: { VisibilityTimeout: number }) => Number(entry.VisibilityTimeout));
    });
  }

  private async isBroken(): Promise<boolean> {
    return existsSync(this.journal) && (await stat(this.journal)).isDirectory();
  }
}
