import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEngine } from '../../localstack/engine.ts';
import { localFolder } from '../../localstack/engines.ts';
import { freePort } from '../../test/engine/started.ts';
import { keep } from './kept.ts';

const run = promisify(execFile);
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const LIBRARY = join(localFolder, 'dynamodb-local-2.6.1');

/** A DynamoDB of the run's own, in memory. */
export type Store = { name: string; endpoint: string; pid: number; stop(): Promise<void> };

/** Takes an empty folder and starts Amazon's DynamoDB Local there, or MiniStack's where there is no Java 17 or no Maven. */
export async function startStore(folder: string, progress: (line: string) => void): Promise<Store> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  if (!(await javaIsThere())) {
    progress('no Java 17 with Maven here: the store is MiniStack, not DynamoDB Local');
    const { pid, stop } = await startEngine({ name: 'ministack', port, dataDir: folder, progress });
    return { name: 'MiniStack', endpoint, pid, stop };
  }
  await fetched(progress);
  const server = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const heap = ['-Xms512m', '-Xmx1g', '-XX:+UseSerialGC'];
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  const kept = await keep(
    ['java', ...heap, `-Djava.library.path=${LIBRARY}`, '-cp', join(LIBRARY, '*'), server, ...options],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, TZ: 'UTC' }, log: join(folder, 'store.log') },
  );
  await kept.until('DynamoDB Local answers', async () => (await fetch(endpoint)).status > 0);
  return { name: 'DynamoDB Local', endpoint, pid: kept.pid, stop: kept.stop };
}

async function javaIsThere(): Promise<boolean> {
  const said = async (file: string, argument: string) => {
    const { stdout, stderr } = await run(file, [argument]);
    return stdout + stderr;
  };
  try {
    const [java] = await Promise.all([said('java', '-version'), said('mvn', '-version')]);
    return Number(/version "(\d+)/.exec(java)?.[1] ?? 0) >= 17;
  } catch {
    return false;
  }
}

/** Fetches DynamoDB Local from Maven Central, once. */
async function fetched(progress: (line: string) => void): Promise<void> {
  if (existsSync(LIBRARY)) return;
  progress('fetching DynamoDB Local from Maven Central');
  await mkdir(localFolder, { recursive: true });
  const aside = await mkdtemp(`${LIBRARY}-`);
  try {
    await cp(join(import.meta.dirname, 'pom.xml'), join(aside, 'pom.xml'));
    await run('mvn', ['-q', '-B', COPY_DEPENDENCIES, '-DoutputDirectory=library'], { cwd: aside });
    // Whole or not at all.
    await rename(join(aside, 'library'), LIBRARY);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
