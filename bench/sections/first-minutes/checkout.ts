import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../test/engine/started.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const PATIENCE_MS = 480_000;
const TAIL = 3_000;

/** A clone of this repository as somebody has it who just found it; it goes, with its engine, when we end, however that comes about. */
export class Checkout {
  readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly running = new Set<ChildProcess>();
  private readonly onExit = () => this.close();

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = env;
    process.once('exit', this.onExit);
  }

  /** Gives a place for a clone, with a port for its engine that nobody else has. */
  static async open(): Promise<Checkout> {
    const folder = await mkdtemp(join(tmpdir(), 'shop-messaging-first-minutes-'));
    // Neither the person's AWS set-up nor what npm tells its scripts is known to somebody who begins.
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|CDK_|ENGINE$|NODE_|INIT_CWD$|npm_(?!config_(cache|registry)))/.test(name),
    );
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    // `npm run` puts what this repository has installed before everything else, its Node above all.
    const PATH = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
    const env = { ...Object.fromEntries(kept), PATH: PATH.join(delimiter), AWS_ENDPOINT_URL: endpoint };
    return new Checkout(join(folder, 'clone'), env);
  }

  /** Clones what is committed. */
  clone(): Promise<number> {
    return this.run('git', ['clone', '--quiet', '--no-hardlinks', root, this.folder], tmpdir());
  }

  /** Runs a command in the clone and gives the seconds until it has said `shown`, or until it has ended; throws where it fails. */
  async run(file: string, args: readonly string[], cwd = this.folder, shown?: string): Promise<number> {
    const began = performance.now();
    const child = spawn(file, args, { cwd, env: this.env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.running.add(child);
    const seconds = () => (performance.now() - began) / 1_000;
    const late = setTimeout(() => signal(child), PATIENCE_MS);
    let said = '';
    let seen: number | undefined;
    child.stdout.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-TAIL);
      if (shown !== undefined && said.includes(shown)) seen ??= seconds();
    });
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-TAIL);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(late);
    this.running.delete(child);
    if (code !== 0) throw new Error(`\`${[file, ...args].join(' ')}\` failed (${code}):\n${said}`);
    if (shown === undefined) return seconds();
    if (seen === undefined) throw new Error(`\`${[file, ...args].join(' ')}\` did not say ${shown}:\n${said}`);
    return seen;
  }

  /** Takes a path in the clone and gives what it takes on the disk, in megabytes. */
  async megabytes(path: string): Promise<number> {
    const { stdout } = await run('du', ['-sk', join(this.folder, path)]);
    return Number.parseInt(stdout, 10) / 1_024;
  }

  /** Stops the engine, whether its start came to an end or not, and removes the clone. */
  close(): void {
    process.off('exit', this.onExit);
    for (const child of this.running) signal(child);
    const modules = join(this.folder, 'node_modules');
    if (existsSync(modules)) {
      spawnSync('npm', ['run', '--silent', 'ops', '--', 'down'], { cwd: this.folder, env: this.env, stdio: 'ignore' });
    }
    rmSync(join(this.folder, '..'), { recursive: true, force: true, maxRetries: 5 });
  }
}

function signal(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
