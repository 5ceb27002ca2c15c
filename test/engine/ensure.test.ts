import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureEngine, readEngineRecord, stopEngine } from '../../localstack/engine.ts';
import { findDetachedEngines } from '../../localstack/pidfile.ts';
import { listProcessGroup } from '../../localstack/processes.ts';
import { eventually, freePort } from '../harness/engine.ts';

const run = promisify(execFile);
const engineModule = join(import.meta.dirname, '../../localstack/engine.ts');
const hasPs = spawnSync('ps', ['-p', '1']).error === undefined;

describe('the engine that npm start leaves running', { timeout: 120_000 }, () => {
  let folder: string;
  let lines: string[];
  const ensure = async (port: number) =>
    ensureEngine({ endpoint: `http://127.0.0.1:${port}`, folder, progress: (line) => lines.push(line) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ensure-'));
    lines = [];
  });

  afterEach(async () => {
    await stopEngine(folder);
    await rm(folder, { recursive: true, force: true });
  });

  it('is started once, reused, and stopped with all its processes', async () => {
    const port = await freePort();
    const first = await ensure(port);
    expect(await ensure(port)).toEqual(first);
    expect(lines.at(-1)).toContain('using the ministack that runs');
    expect(await stopEngine(folder)).toMatch(/^Stopped ministack at .*, 2 processes/);
    expect(await listProcessGroup(first.pid ?? 0)).toEqual([]);
    expect(await stopEngine(folder)).toBe('No engine of ours is running.');
  });

  it('is started again after its processes were killed', async () => {
    const port = await freePort();
    const first = await ensure(port);
    process.kill(first.pid ?? 0, 'SIGKILL');
    await eventually('the end', async () => ((await listProcessGroup(first.pid ?? 0)).length === 0 ? true : undefined));
    const second = await ensure(port);
    expect(second.pid).not.toBe(first.pid);
    expect(await readEngineRecord(folder)).toEqual(second);
  });

  it('is started once by two concurrent callers', async () => {
    const port = await freePort();
    const first = ensure(port);
    await eventually(
      'its process',
      async () => ((await findDetachedEngines(folder)).length > 0 ? true : undefined),
      60,
    );
    expect(await ensure(port)).toEqual(await first);
  });

  it('is not stopped for another engine at another address', async () => {
    const first = await ensure(await freePort());
    await expect(ensure(await freePort())).rejects.toThrow(`ministack already runs at ${first.endpoint}`);
    expect(await findDetachedEngines(folder)).toHaveLength(1);
  });

  it('is stopped without `ps`, in a narrow terminal and the C locale, in a long path with Korean characters', async () => {
    const own = join(folder, '가게 메시지', 'x'.repeat(100));
    const started = await ensureEngine({
      endpoint: `http://127.0.0.1:${await freePort()}`,
      folder: own,
      progress() {},
    });
    try {
      const hostile = { PATH: '/nonexistent', COLUMNS: '80', LC_ALL: 'C', LANG: 'C' };
      const stop = `const { stopEngine } = await import(${JSON.stringify(engineModule)});
        console.log(await stopEngine(${JSON.stringify(own)}));`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', stop], { env: hostile });
      expect(stdout).toMatch(/^Stopped ministack at .*, 2 processes/);
      expect(await listProcessGroup(started.pid ?? 0)).toEqual([]);
      expect(await readEngineRecord(own)).toBeUndefined();
    } finally {
      await stopEngine(own);
    }
  });

  it.skipIf(!hasPs)('is found by `ps` as well, where there is no /proc', async () => {
    const own = join(folder, 'x'.repeat(100), '가게');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', own], { detached: true });
    vi.stubEnv('COLUMNS', '80');
    vi.stubEnv('LC_ALL', 'C');
    try {
      const [found, ...others] = await listProcessGroup(child.pid ?? 0, 'darwin');
      expect(others).toEqual([]);
      expect(found).toMatchObject({ pid: child.pid, group: child.pid });
      expect(found?.command.toString('latin1')).toContain('x'.repeat(100));
    } finally {
      vi.unstubAllEnvs();
      child.kill('SIGKILL');
    }
  });

  it('keeps its record where it answers and its process is not to be seen', async () => {
    const { endpoint, pid = 0 } = await ensure(await freePort());
    const file = join(folder, 'ministack', 'pid.json');
    const kept = await readFile(file, 'utf8');
    await rm(file);
    await expect(stopEngine(folder)).rejects.toThrow(
      `ministack at ${endpoint} still answers, but its process ${pid} is not to be seen from here`,
    );
    expect(await readEngineRecord(folder)).toEqual({ name: 'ministack', endpoint, pid });
    await writeFile(file, kept);
  });

  it('does not kill a foreign process that has the id of an ended engine', async () => {
    const stranger = spawn('sleep', ['60'], { detached: true });
    try {
      const record = JSON.stringify({ name: 'ministack', endpoint: 'http://127.0.0.1:9', pid: stranger.pid });
      await mkdir(join(folder, 'ministack'));
      await writeFile(join(folder, 'ministack', 'pid.json'), record);
      await writeFile(join(folder, 'engine.json'), record);
      expect(await stopEngine(folder)).toBe('ministack at http://127.0.0.1:9 had already ended.');
      expect(await listProcessGroup(stranger.pid ?? 0)).toHaveLength(1);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('fails with a clear message when another program uses the port', async () => {
    const port = await freePort();
    const server = createServer((_, answer) => answer.end('hello')).listen(port, '127.0.0.1');
    try {
      await expect(ensure(port)).rejects.toThrow(/is not AWS-like: stop it, or set AWS_ENDPOINT_URL/);
    } finally {
      server.close();
    }
  });

  it('uses a foreign AWS-like server and does not stop it', async () => {
    const port = await freePort();
    const server = createServer((request, answer) =>
      answer.end(request.method === 'POST' ? '<GetCallerIdentityResponse><GetCallerIdentityResult/>' : 'no'),
    ).listen(port, '127.0.0.1');
    try {
      expect(await ensure(port)).toEqual({ name: 'unknown', endpoint: `http://127.0.0.1:${port}` });
      expect(await stopEngine(folder)).toContain('was not started from here: left running');
    } finally {
      server.close();
    }
  });
});

describe('an engine of a test', { timeout: 120_000 }, () => {
  it('ends with the test run, also when that is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tied-'));
    const program = `
      const { startEngine } = await import(${JSON.stringify(engineModule)});
      const port = ${await freePort()};
      const engine = await startEngine({ name: 'ministack', port, dataDir: ${JSON.stringify(folder)}, progress() {} });
      console.log(engine.pid);
      setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const group = await new Promise<number>((said) => run.stdout.once('data', (text) => said(Number(text))));
    expect(await listProcessGroup(group)).toHaveLength(2);
    run.kill('SIGKILL');
    await eventually('the end', async () => ((await listProcessGroup(group)).length === 0 ? true : undefined));
    await rm(folder, { recursive: true, force: true });
  });
});
