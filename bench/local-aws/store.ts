import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEngine } from '../../localstack/engine.ts';
import { localFolder } from '../../localstack/engines.ts';
import { eventually, freePort } from '../../test/harness/engine.ts';
import { startTied } from '../../test/harness/tied-program.ts';

const run = promisify(execFile);
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const READY_WITHIN_SECONDS = 60;
const LIBRARY = join(localFolder, 'dynamodb-local-2.6.1');

/** An in-memory DynamoDB. */
export type Store = { name: string; endpoint: string; stop(): Promise<void> };

/** Starts Amazon's DynamoDB Local in an empty folder, or MiniStack's DynamoDB if there is no Java 17 or no Maven. */
export async function startStore(folder: string, progress: (line: string) => void): Promise<Store> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  if (!(await hasJavaAndMaven())) {
    progress('no Java 17 with Maven on this machine: the store is MiniStack, not DynamoDB Local');
    const { stop } = await startEngine({ name: 'ministack', port, dataDir: folder, progress });
    return { name: 'MiniStack', endpoint, stop };
  }
  await fetchDynamoDbLocal(progress);
  const server = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const heap = ['-Xms512m', '-Xmx1g', '-XX:+UseSerialGC'];
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  const { stop } = startTied(
    ['java', ...heap, `-Djava.library.path=${LIBRARY}`, '-cp', join(LIBRARY, '*'), server, ...options],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, TZ: 'UTC' } },
  );
  const isReady = async () => (await fetch(endpoint).catch(() => undefined))?.status;
  await eventually('A response of DynamoDB Local', isReady, READY_WITHIN_SECONDS);
  return { name: 'DynamoDB Local', endpoint, stop };
}

async function hasJavaAndMaven(): Promise<boolean> {
  try {
    const [java] = await Promise.all([run('java', ['-version']), run('mvn', ['-version'])]);
    return Number(/version "(\d+)/.exec(java.stdout + java.stderr)?.[1] ?? 0) >= 17;
  } catch {
    return false;
  }
}

/** Fetches DynamoDB Local from Maven Central, once. */
async function fetchDynamoDbLocal(progress: (line: string) => void): Promise<void> {
  if (existsSync(LIBRARY)) return;
  progress('fetching DynamoDB Local from Maven Central');
  await mkdir(localFolder, { recursive: true });
  const temporary = await mkdtemp(`${LIBRARY}-`);
  try {
    await cp(join(import.meta.dirname, 'pom.xml'), join(temporary, 'pom.xml'));
    await run('mvn', ['-q', '-B', COPY_DEPENDENCIES, '-DoutputDirectory=library'], { cwd: temporary });
    // Renamed when complete, so that an interrupted download leaves nothing.
    await rename(join(temporary, 'library'), LIBRARY);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
