import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentFolder, install } from '../../localstack/install.ts';
import { captureOutput } from '../../localstack/python.ts';

const anyPython = { label: 'Python 3', isSupported: (major: number) => major === 3, uvRequest: '3.13' };

describe('installing an engine', { timeout: 60_000 }, () => {
  let root: string;
  let lines: string[];
  const installation = () => ({
    name: 'nothing',
    requirements: join(root, 'requirements.txt'),
    python: anyPython,
    root: join(root, 'engines'),
    progress: (line: string) => lines.push(line),
  });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'install-'));
    lines = [];
    await writeFile(join(root, 'requirements.txt'), '# nothing to download\n');
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  it('replaces an interrupted installation', async () => {
    const folder = await environmentFolder(installation());
    await mkdir(join(folder, 'bin'), { recursive: true });
    await writeFile(join(folder, 'bin', 'python'), 'half a file');
    const python = await install(installation());
    expect(await captureOutput(python, ['-c', 'print(1)'])).toBe('1');
    expect(lines.join('\n')).toContain('unfinished');
  });

  it('installs once for two concurrent callers, and prints nothing when it is installed', async () => {
    const [first, second] = await Promise.all([install(installation()), install(installation())]);
    expect(first).toBe(second);
    expect(lines.filter((line) => line.includes('installing'))).toHaveLength(1);
    lines = [];
    await install(installation());
    expect(lines).toEqual([]);
  });

  it('uses another folder when the requirements change', async () => {
    const before = await environmentFolder(installation());
    await writeFile(join(root, 'requirements.txt'), '# other requirements\n');
    expect(await environmentFolder(installation())).not.toBe(before);
  });

  it("shows the package index's error and leaves nothing that looks installed", async () => {
    await writeFile(join(root, 'requirements.txt'), 'no-hash-here==1.0\n');
    await expect(install(installation())).rejects.toThrow(/could not be installed[\s\S]*hash/i);
    expect(existsSync(join(await environmentFolder(installation()), 'installed'))).toBe(false);
  });
});
