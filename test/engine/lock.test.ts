import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../localstack/lock.ts';

const lockModule = join(import.meta.dirname, '../../localstack/lock.ts');

describe('the lock of a clone', { timeout: 120_000 }, () => {
  let folder: string;
  let started: ChildProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
    started = [];
  });

  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a process that takes the lock and keeps it until it reads a line; returns what it says, line by line. */
  function holder(name: string) {
    const program = `
      const { once } = await import('node:events');
      const { withLock } = await import(${JSON.stringify(lockModule)});
      await withLock({ holder: 'ops ${name}', folder: ${JSON.stringify(folder)}, progress: console.log }, async () => {
        console.log('${name} works');
        await once(process.stdin, 'data');
      });
      console.log('${name} is done');
      process.stdin.destroy();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    started.push(child);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return { child, says: async () => (await lines.next()).value, end: () => child.stdin.write('end\n') };
  }

  it('makes a second process wait for the first, and say for which', async () => {
    const first = holder('demo');
    expect(await first.says()).toBe('demo works');
    const second = holder('down');
    expect(await second.says()).toBe(
      `waiting for \`ops demo\` (process ${first.child.pid}), which is at work in this clone`,
    );
    first.end();
    expect(await first.says()).toBe('demo is done');
    expect(await second.says()).toBe('down works');
    second.end();
    expect(await second.says()).toBe('down is done');
    await once(second.child, 'exit');
  });

  it('ends with its holder, even if that is killed', async () => {
    const first = holder('demo');
    expect(await first.says()).toBe('demo works');
    const second = holder('up');
    expect(await second.says()).toContain('waiting for `ops demo`');
    first.child.kill('SIGKILL');
    expect(await second.says()).toBe('up works');
  });

  it('ends when the work fails, and works in one process again', async () => {
    const options = { holder: 'ops up', folder, progress: () => {} };
    await expect(withLock(options, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(options, async () => 'again')).toBe('again');
  });
});
