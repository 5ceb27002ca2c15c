import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { startTied } from '../harness/tied-program.ts';
import { eventually } from './deployed-shop.ts';

const run = promisify(execFile);

// Debian installs the server outside PATH.
const folders = [
  ...globSync('/usr/lib/postgresql/*/bin').toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true })),
  ...(process.env.PATH ?? '').split(':'),
];
const programs = folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));

/** Why PostgreSQL is not available, or `undefined`. */
export const missingPostgres =
  programs === undefined ? 'there is no PostgreSQL server on this machine: apt-get install postgresql' : undefined;

/** Starts a PostgreSQL server in a new folder, reachable by a socket there. It ends with the test, even when that is killed. */
export async function postgres() {
  // initdb and the server refuse to run as root.
  const root = process.getuid?.() === 0;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  const user = root ? { uid: id('-u'), gid: id('-g') } : {};
  const folder = await mkdtemp(join(root ? '/tmp' : tmpdir(), 'shop-pg-'));
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
  const program = (name: string) => join(programs ?? '', name);
  await run(program('initdb'), ['-D', data, '-U', 'shop', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options);
  const server = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
  const running = startTied([program('postgres'), ...server], { ...options, signal: 'INT' });
  const connection = { PGHOST: folder, PGUSER: 'shop', PGDATABASE: 'postgres' };
  const database = new Pool({ host: folder, user: 'shop', database: 'postgres' });
  // The pool emits an error when the server ends while connections close.
  database.on('error', () => {});
  const up = () => database.query('SELECT 1').catch(() => undefined);
  await eventually('PostgreSQL answers', up, 30);
  const end = async () => {
    await database.end();
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { database, connection, end };
}

/** Calls `stop` and waits until the process exits. */
export const waitForExit = (child: ChildProcess, stop: () => void) =>
  new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once('exit', () => done());
    stop();
  });
