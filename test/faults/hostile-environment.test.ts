import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeEndpoint } from '../../localstack/endpoint.ts';
import { readEngineRecord, stopEngine } from '../../localstack/engine.ts';
import { hostileHome, hostileVariables } from '../builders/hostile-environment.ts';
import { freePort, temporaryFolder } from '../harness/engine.ts';

// The first hour of somebody whose machine is set up for everything but this repository, in a clone of its own.
const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const home = hostileHome();
const clone = temporaryFolder('hostile-clone');
const local = join(clone, '.local');
const MINUTES = 60_000;

let port: number;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    await mkdir(dirname(join(clone, file)), { recursive: true });
    await cp(join(root, file), join(clone, file));
  }
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  // The engine is there already: with a proxy that is down, nobody can install one.
  await mkdir(local);
  await symlink(join(root, '.local', 'engines'), join(local, 'engines'));
  port = await freePort();
  // These two are this repository's own, and are meant.
  const { SHOP_TARGET: _, SHOP_STACK_NAME: __, ...variables } = hostileVariables(home);
  env = { PATH: process.env.PATH, ...variables, AWS_ENDPOINT_URL: `localhost:${port}/` };
});
afterAll(async () => {
  await stopEngine(local);
  await rm(clone, { recursive: true, force: true, maxRetries: 5 });
});

/** Runs a command in the clone, as that person does; returns what it printed, and throws with all of it when it fails. */
const inClone = (file: string, ...args: string[]) => run(file, args, { cwd: clone, env, maxBuffer: 100_000_000 });
const ops = (...args: string[]) => inClone('npm', 'run', '--silent', 'ops', '--', ...args);

test('npm start deploys to the engine and proves six outcomes', { timeout: 8 * MINUTES }, async () => {
  const { stdout } = await inClone('npm', 'start', '--silent', '--', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, where: `ministack at http://127.0.0.1:${port}` });
  expect(await readEngineRecord(local)).toMatchObject({ name: 'ministack', endpoint: `http://127.0.0.1:${port}` });
  expect(existsSync(join(local, 'outputs.json'))).toBe(true);
});

test('ops status counts its orders', { timeout: 2 * MINUTES }, async () => {
  const { orders } = JSON.parse((await ops('status', '--json')).stdout);
  expect(orders.CONFIRMED).toBeGreaterThan(0);
});

test('a file of the deployed suite passes', { timeout: 8 * MINUTES }, async () => {
  const file = 'test/deployed/extended/publishers.test.ts';
  const selection = ['--project', 'ministack-extended', file, '--testNamePattern', 'The publisher in TypeScript'];
  const { stdout } = await inClone('npx', 'vitest', 'run', '--reporter=json', ...selection);
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"numTotal')));
  expect(report).toMatchObject({ success: true, numFailedTests: 0, numPassedTests: 3 });
});

test('ops down ends it, and leaves nothing behind', { timeout: 2 * MINUTES }, async () => {
  const { stopped } = JSON.parse((await ops('down', '--json')).stdout);
  expect(stopped).toBe(true);
  expect(await probeEndpoint(`http://127.0.0.1:${port}`)).toEqual({ kind: 'nothing' });
  expect(existsSync(join(local, 'outputs.json'))).toBe(false);
});
