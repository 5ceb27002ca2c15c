import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { unavailableReason } from '../../localstack/engine.ts';
import { localFolder } from '../../localstack/engines.ts';
import { ensureInstalled } from '../../localstack/launch.ts';

const run = promisify(execFile);
const examples = join(import.meta.dirname, '..', '..', 'examples');
const builds = join(localFolder, 'examples');
const MAVEN = ['mvn', '-q', '-B', 'package'];
// The processes live for seconds, so optimising does not pay.
const JAVA = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const goBuild = (program: string) => ['go', 'build', '-buildvcs=false', '-o', program];

/** An example program: why it cannot run on this machine, if so, and its command, built on first use. */
export type ExampleProgram = { missing(): Promise<string | undefined>; command(): Promise<readonly string[]> };

/** The example publishers by language. */
export const publishers: Record<'TypeScript' | 'Python' | 'Java' | 'Go', ExampleProgram> = {
  TypeScript: {
    missing: async () => undefined,
    command: async () => [process.execPath, join(examples, 'publish.ts')],
  },
  Python: {
    missing: () => unavailableReason('localstack'),
    command: async () => [await pythonWithBoto3(), join(examples, 'publish.py')],
  },
  Java: {
    missing: noMaven,
    command: async () => {
      const target = join(await buildOnce('java', MAVEN), 'target');
      return [...JAVA, '-cp', `${join(target, 'classes')}:${join(target, 'dependency', '*')}`, 'shop.Publish'];
    },
  },
  Go: {
    missing: noGo,
    command: async () => [join(await buildOnce('go', goBuild('publish')), 'publish')],
  },
};

/** The example readers of a partner's queue by what they are written with. */
export const readers: Record<'TypeScript' | 'Python' | 'Go' | 'Spring', ExampleProgram> = {
  TypeScript: {
    missing: async () => undefined,
    command: async () => [process.execPath, join(examples, 'subscribers', 'typescript', 'read.ts')],
  },
  Python: {
    missing: () => unavailableReason('localstack'),
    command: async () => [await pythonWithBoto3(), join(examples, 'subscribers', 'python', 'read.py')],
  },
  Go: {
    missing: noGo,
    command: async () => [join(await buildOnce('subscribers/go', goBuild('read')), 'read')],
  },
  Spring: {
    missing: noMaven,
    command: async () => [
      ...JAVA,
      '-jar',
      join(await buildOnce('subscribers/spring', MAVEN), 'target', 'orders-1.jar'),
    ],
  },
};

/** Returns the Python of LocalStack, which has boto3. */
function pythonWithBoto3(): Promise<string> {
  return ensureInstalled('localstack', () => {});
}

async function noMaven(): Promise<string | undefined> {
  const isThere =
    (await atLeast(17, /javac (\d+)/, 'javac', '-version')) && (await atLeast(3, /Maven (\d+)/, 'mvn', '-version'));
  return isThere ? undefined : 'there is no JDK 17 or newer with Maven on this machine';
}

async function noGo(): Promise<string | undefined> {
  return (await atLeast(24, /go1\.(\d+)/, 'go', 'version'))
    ? undefined
    : 'there is no Go 1.24 or newer on this machine';
}

async function atLeast(least: number, pattern: RegExp, file: string, ...args: string[]): Promise<boolean> {
  const said = await run(file, args).then(
    ({ stdout, stderr }) => stdout + stderr,
    () => '',
  );
  return Number(pattern.exec(said)?.[1] ?? 0) >= least;
}

/** Builds an example in a copy that is kept until its sources change, and returns the copy's folder. */
async function buildOnce(example: string, [file = '', ...args]: readonly string[]): Promise<string> {
  const source = join(examples, example);
  const folder = join(builds, `${example.replace('/', '-')}-${await digest(source)}`);
  if (existsSync(folder)) return folder;
  await mkdir(builds, { recursive: true });
  const copy = await mkdtemp(`${folder}-`);
  await cp(source, copy, { recursive: true, filter: isSource });
  await run(file, args, { cwd: copy, env: { ...process.env, GOTOOLCHAIN: 'local' } }).catch(async (error: unknown) => {
    await rm(copy, { recursive: true, force: true });
    throw error;
  });
  // Atomic, also when two suites build at once.
  await rename(copy, folder).catch((error: unknown) => {
    if (!existsSync(folder)) throw error;
  });
  return folder;
}

/** Returns whether a path is a source and not a local build's output. */
const isSource = (path: string) => !relative(examples, path).split(sep).includes('target');

async function digest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile() && isSource(join(one.parentPath, one.name)))) {
    hash.update(entry.name).update(await readFile(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Returns whether a build failed because packages could not be fetched, which is not the example's fault. */
export const isOfflineError = (error: unknown): boolean =>
  /Could not transfer artifact|UnknownHost|dial tcp|no such host|i\/o timeout/.test(String(error));
