import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentFolder, install } from '../../localstack/install.ts';
import { captureOutput } from '../../localstack/python.ts';
import { createWheel } from './wheel.ts';

const anyPython = { label: 'Python 3', isSupported: (major: number) => major === 3, uvRequest: '3.13' };

describe('installing an engine', { timeout: 120_000 }, () => {
  let root: string;
  let lines: string[];
  const installation = () => ({
    name: 'nothing',
    requirements: join(root, 'requirements.txt'),
    modules: [] as string[],
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

  it('says why what was installed does not count as installed', async () => {
    const elsewhere = { ...installation(), modules: ['no_such_module'] };
    await expect(install(elsewhere)).rejects.toThrow(/no_such_module cannot be imported:[\s\S]*No module named/);
    expect(existsSync(join(await environmentFolder(elsewhere), 'installed'))).toBe(false);
  });
});

describe('installing an engine where pip and Python are set up for something else', { timeout: 120_000 }, () => {
  let root: string;
  let lines: string[];
  const installation = () => ({
    name: 'greeter',
    requirements: join(root, 'requirements.txt'),
    modules: ['greeter.main'],
    python: anyPython,
    root: join(root, 'engines'),
    progress: (line: string) => lines.push(line),
  });
  const versionIn = (python: string) => captureOutput(python, ['-c', 'import greeter.main as g; print(g.version)']);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'install-'));
    lines = [];
    const wheel = await createWheel(join(root, 'wheels'), 'greeter', '1.0');
    await writeFile(join(root, 'requirements.txt'), `greeter==1.0 --hash=sha256:${wheel.sha256}\n`);
    // The only index: it has no other package, and no network is needed.
    for (const tool of ['PIP', 'UV']) {
      vi.stubEnv(`${tool}_NO_INDEX`, '1');
      vi.stubEnv(`${tool}_FIND_LINKS`, join(root, 'wheels'));
    }
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true, force: true });
  });

  it('takes nothing from the variables that say where packages go, or which', async () => {
    await writeFile(join(root, 'constraint.txt'), 'greeter==2.0\n');
    vi.stubEnv('PIP_CONSTRAINT', join(root, 'constraint.txt'));
    for (const name of ['PIP_USER', 'PIP_DRY_RUN']) vi.stubEnv(name, '1');
    for (const name of ['PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PYTHONPATH', 'PYTHONHOME'])
      vi.stubEnv(name, join(root, 'elsewhere'));
    expect(await versionIn(await install(installation()))).toBe('1.0');
    expect(existsSync(join(root, 'elsewhere'))).toBe(false);
  });

  it('installs again what an earlier version left without its packages, from the index in the configuration file', async () => {
    const folder = await environmentFolder(installation());
    await promisify(execFile)('python3', ['-I', '-m', 'venv', '--without-pip', folder]);
    await writeFile(join(folder, 'installed'), '');
    vi.stubEnv('PIP_FIND_LINKS', undefined);
    vi.stubEnv('PIP_NO_INDEX', undefined);
    vi.stubEnv('PIP_CONFIG_FILE', join(root, 'pip.conf'));
    const index = `no-index = true\nfind-links = ${join(root, 'empty')}\n  ${join(root, 'wheels')}\n`;
    await mkdir(join(root, 'empty'));
    await writeFile(join(root, 'pip.conf'), `[global]\n${index}[install]\ntarget = ${join(root, 'elsewhere')}\n`);
    expect(await versionIn(await install(installation()))).toBe('1.0');
    expect(existsSync(join(root, 'elsewhere'))).toBe(false);
    expect(lines.join('\n')).toContain('no longer runs');
  });
});
