import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOlderNode, ownPath } from '../builders/older-node.ts';
import { freePort } from '../harness/engine.ts';
import { copyWorkingTree } from '../upgrade/checkout.ts';

const root = join(import.meta.dirname, '..', '..');
const olderNode = findOlderNode();

/** Has Node say that it is another version, to what is loaded after this. */
const PRETEND_20 =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})";

let folder: string;
let clone: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'preflight-'));
  clone = arrange('가게 clone');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Creates a clone with the pinned Node installed, but nothing else. */
function arrange(name: string): string {
  const made = join(folder, name);
  for (const path of ['package.json', 'ops/preflight.mjs', 'ops/preflight', 'localstack', 'ops/main.ts']) {
    cpSync(join(root, path), join(made, path), { recursive: true });
  }
  mkdirSync(join(made, 'node_modules', 'node', 'bin'), { recursive: true });
  writeFileSync(join(made, 'node_modules', 'node', 'package.json'), '{}');
  symlinkSync(process.execPath, join(made, 'node_modules', 'node', 'bin', 'node'));
  return made;
}

/** Makes a PATH on which the only Python is a version without what creates environments, as on a new Debian. */
function debianPath(version: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'python3'), `#!/bin/sh\necho "${version.replace('.', ' ')} False /usr/bin/python3"\n`);
  chmodSync(join(bin, 'python3'), 0o755);
  return { PATH: bin, HOME: folder, PYENV_ROOT: '' };
}

type Run = { script?: string; args?: string[]; node?: string[]; env?: NodeJS.ProcessEnv; cwd?: string };

function preflight({ script = 'ops/preflight.mjs', args = ['start'], node = [], env = {}, cwd = clone }: Run = {}) {
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|SHOP_|NODE_ENV$|npm_)/.test(name));
  return spawnSync(process.execPath, [...node, join(cwd, script), ...args], {
    cwd,
    env: { ...Object.fromEntries(own), ...env },
    encoding: 'utf8',
  });
}

const on20 = (run: Run = {}) => preflight({ ...run, node: ['--import', PRETEND_20] });

/** Asserts that one sentence is said, and nothing else. */
function expectRefusal(result: SpawnSyncReturns<string>, sentence: RegExp): void {
  expect(result.stderr.trim()).toMatch(sentence);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
  expect(result.stdout).toBe('');
  expect(result.status).toBe(1);
}

describe('The pre-flight', () => {
  it('says nothing where all is well', () => {
    const { status, stdout, stderr } = preflight();
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('says that nothing is installed yet', () => {
    rmSync(join(clone, 'node_modules'), { recursive: true });
    expectRefusal(preflight(), /^Nothing is installed here yet: run `npm ci`\.$/);
  });

  it.each([
    ['NODE_ENV is production', { NODE_ENV: 'production' }],
    ['npm is set to omit dev', { npm_config_omit: 'dev' }],
  ])('says that the development dependencies were left out: %s', (reason, env) => {
    rmSync(join(clone, 'node_modules', 'node'), { recursive: true });
    expectRefusal(
      preflight({ env }),
      new RegExp(`^Node 24\\.\\d+\\.\\d+, .* were left out \\(${reason}\\): run \`npm ci --include=dev\`\\.$`),
    );
  });

  it('says that npm did not run the install script of the pinned Node', () => {
    rmSync(join(clone, 'node_modules', 'node', 'bin'), { recursive: true });
    expectRefusal(on20(), /^Node 24.*\(ignore-scripts\): run `npm rebuild node --ignore-scripts=false`\.$/);
  });

  it('says that pnpm did not run it', () => {
    rmSync(join(clone, 'node_modules', 'node', 'bin'), { recursive: true });
    writeFileSync(join(clone, 'node_modules', '.modules.yaml'), '');
    expectRefusal(on20(), /^Node 24.* pnpm did not run its install script: run `pnpm approve-builds node esbuild`\.$/);
  });

  it('says that an older Node runs a command beside the npm scripts', () => {
    expectRefusal(
      on20({ script: 'ops/preflight/node.mjs' }),
      /^Node 20\.19\.0 runs this, and not .*: use the npm scripts or `npx node`/,
    );
  });

  it('only notes that the pinned Node is missing where the one of this machine will do', () => {
    rmSync(join(clone, 'node_modules', 'node', 'bin'), { recursive: true });
    const { status, stderr } = preflight();
    expect(status).toBe(0);
    expect(stderr).toContain(`Until then, functions run on Node ${process.versions.node}.`);
  });

  it.each(['#', '?', '%20'])('refuses the tests, and nothing else, in a path with %s', (characters) => {
    const cwd = arrange(`a${characters}b`);
    expectRefusal(
      preflight({ cwd, args: ['test'] }),
      /^The path of this clone contains `[#?%]`, .*: move the clone to/,
    );
    expect(preflight({ cwd }).status).toBe(0);
  });

  it('refuses a clone in a path with a colon, where npm cannot find the pinned Node', () => {
    expectRefusal(on20({ cwd: arrange('a:b') }), /^The path of this clone contains `:`, so npm cannot/);
  });

  it('names the AWS settings that are not used here, and not the endpoint or what engines have anyway', () => {
    const env = {
      ...{
        AWS_PROFILE: 'shop',
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL_SNS: 'https://x',
        AWS_USE_FIPS_ENDPOINT: 'true',
      },
      ...{ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test' },
    };
    const { status, stderr } = preflight({ env });
    expect(stderr).toBe(
      'The engine on this machine ignores your AWS_ENDPOINT_URL_SNS, AWS_PROFILE, AWS_REGION, AWS_USE_FIPS_ENDPOINT; ' +
        'only commands with --aws use them.\n',
    );
    expect(status).toBe(0);
    expect(preflight({ env: { ...env, SHOP_TARGET: 'aws' } }).stderr).toBe('');
  });
});

describe('The pre-flight of the tests', () => {
  it('names the package that brings venv to a Python without it', () => {
    expectRefusal(
      preflight({ args: ['test'], env: debianPath('3.12') }),
      /^Python 3\.12 is here without venv .* `sudo apt install python3-venv`/,
    );
  });

  it('asks for no Python where no engine is tested', () => {
    const { status, stderr } = preflight({ args: ['test:quick'], env: debianPath('3.12') });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('says which Python is needed where there is only an older one', () => {
    expectRefusal(
      preflight({ args: ['test'], env: debianPath('3.9') }),
      /^Python 3\.10 or newer is needed and was not found .*\(found: 3\.9 without venv\); install it/,
    );
  });
});

describe('`npm start`', () => {
  it('says the same of Python where it has to start an engine', async () => {
    const copy = join(folder, 'copy');
    await copyWorkingTree(copy);
    const AWS_ENDPOINT_URL = `http://127.0.0.1:${await freePort()}`;
    const env = { ...debianPath('3.12'), AWS_ENDPOINT_URL };
    const start = preflight({ cwd: copy, script: 'ops/main.ts', args: ['demo'], env });
    expectRefusal(start, /^Python 3\.12 is here without venv .* `sudo apt install python3-venv`/);
  });
});

describe.skipIf(olderNode === undefined)('`npm start` and `npm run ops` on an older Node', () => {
  it.each([['start'], ['test'], ['run', 'ops', '--', 'status']])(
    'say in one sentence what is missing: npm %s',
    (...args) => {
      rmSync(join(clone, 'node_modules', 'node', 'bin'), { recursive: true });
      const npm = spawnSync('npm', ['--silent', ...args], {
        cwd: clone,
        env: { ...process.env, PATH: [dirname(olderNode ?? ''), ownPath()].join(delimiter) },
        encoding: 'utf8',
      });
      expectRefusal(npm, /^Node 24.*: run `npm rebuild node --ignore-scripts=false`\.$/);
    },
  );
});
