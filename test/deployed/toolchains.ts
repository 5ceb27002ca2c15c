import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { localFolder } from '../../localstack/engines.ts';
import { ensureInstalled } from '../../localstack/launch.ts';

const run = promisify(execFile);
const examples = join(import.meta.dirname, '..', '..', 'examples');
const builds = join(localFolder, 'examples');

/** An example publisher: why it cannot run on this machine, if so, and its command, built on first use. */
export type Publisher = { missing(): Promise<string | undefined>; command(): Promise<readonly string[]> };

/** The example publishers by language. */
export const publishers: Record<'TypeScript' | 'Python' | 'Java' | 'Go', Publisher> = {
  TypeScript: {
    missing: async () => undefined,
    command: async () => [process.execPath, join(examples, 'publish.ts')],
  },
  Python: {
    // LocalStack's Python has boto3, so it is available wherever this suite runs on LocalStack.
    missing: async () => undefined,
    command: async () => [await ensureInstalled('localstack', () => {}), join(examples, 'publish.py')],
  },
  Java: {
    missing: async () =>
      (await atLeast(17, /javac (\d+)/, 'javac', '-version')) && (await atLeast(3, /Maven (\d+)/, 'mvn', '-version'))
        ? undefined
        : 'there is no JDK 17 or newer with Maven on this machine',
    command: async () => {
      const target = join(await buildOnce('java', ['mvn', '-q', '-B', 'package']), 'target');
      // The process lives for a second, so optimising does not pay.
      return [
        'java',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-cp',
        `${join(target, 'classes')}:${join(target, 'dependency', '*')}`,
        'shop.Publish',
      ];
    },
  },
  Go: {
    missing: async () =>
      (await atLeast(24, /go1\.(\d+)/, 'go', 'version')) ? undefined : 'there is no Go 1.24 or newer on this machine',
    command: async () => [join(await buildOnce('go', ['go', 'build', '-buildvcs=false', '-o', 'publish']), 'publish')],
  },
};

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
  const folder = join(builds, `${example}-${await digest(source)}`);
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
