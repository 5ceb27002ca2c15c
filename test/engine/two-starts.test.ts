import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localFolder } from '../../localstack/engines.ts';
import { ensureInstalled } from '../../localstack/launch.ts';
import { freePort } from '../harness/engine.ts';
import { copyWorkingTree } from '../upgrade/checkout.ts';

// Two demonstrations and a deployment, on a machine that runs other tests.
const TIMEOUT = 600_000;

describe('two `npm start` at once in one clone', { timeout: TIMEOUT }, () => {
  let clone: string;
  let env: NodeJS.ProcessEnv;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    await ensureInstalled('ministack', () => {});
    clone = join(await mkdtemp(join(tmpdir(), 'two-starts-')), '가게 clone');
    await copyWorkingTree(clone);
    await mkdir(join(clone, '.local'));
    await symlink(join(localFolder, 'engines'), join(clone, '.local', 'engines'));
    env = { ...process.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` };
  }, TIMEOUT);

  afterAll(async () => {
    for (const child of children) if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
    await npm('run', '--silent', 'ops', '--', 'down');
    await rm(join(clone, '..'), { recursive: true, force: true, maxRetries: 5 });
  }, TIMEOUT);

  async function npm(...args: string[]) {
    const child = spawn('npm', args, { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    children.push(child);
    const [output, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code, output, said };
  }

  it('share one engine: the second says that it waits, and `down` leaves no process', async () => {
    const starts = await Promise.all([npm('start', '--silent'), npm('start', '--silent')]);
    for (const { code, said } of starts) expect(code, said).toBe(0);
    const waiting = starts.filter(({ said }) => said.includes('waiting for `ops demo` (process '));
    expect(waiting).toHaveLength(1);
    expect(waiting[0]?.said).toContain('using the ministack that runs at');
    expect(starts.filter(({ said }) => said.includes('ministack: ready at'))).toHaveLength(1);

    const down = await npm('run', '--silent', 'ops', '--', 'down');
    expect(down.output).toMatch(/^Stopped ministack at /);
    expect(commandLinesWith(clone)).toEqual([]);
  });
});

/** Lists the command lines, of all processes of this machine, that contain a text. */
function commandLinesWith(marker: string): string[] {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(marker));
}
