import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localTarget } from '../../ops/aws-target.ts';
import { findFunctions, type ShopFunction } from '../../ops/functions.ts';
import { deployedShop, findStack, STACK_NAME } from '../../ops/stack.ts';
import { eventually, startTestEngine, temporaryFolder } from '../harness/engine.ts';

const root = join(import.meta.dirname, '..', '..');
const COPIED = [
  ...['contracts', 'examples', 'infra', 'lambdas', 'localstack', 'ops', 'settings'],
  ...['cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json'],
];
const RULE = 'lambdas/stock/handler.ts';
const DEPLOYED_WITHIN_SECONDS = 240;

let own: Awaited<ReturnType<typeof startTestEngine>>;
let copy: string;
beforeAll(async () => {
  own = await startTestEngine('ministack');
  copy = temporaryFolder('watched');
  for (const name of COPIED) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await mkdir(join(copy, '.local'));
}, 300_000);
afterAll(() => own.end(), 30_000);

/** Runs `ops up` in the copy; `said` grows with what it says. */
function runUp(...options: string[]) {
  const env = { ...process.env, AWS_ENDPOINT_URL: own.engine.endpoint, AWS_REGION: 'us-east-1' };
  const child = spawn(process.execPath, ['ops/main.ts', 'up', ...options], { cwd: copy, env });
  const running = { child, said: '', ended: once(child, 'exit') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      running.said += text;
    });
  }
  return running;
}

/** Saves a file as most editors do: in a file beside it, which then takes its place. */
async function save(file: string, content: string): Promise<void> {
  const beside = join(copy, `${file}.tmp~`);
  await writeFile(beside, content);
  await rename(beside, join(copy, file));
}

let functions: ShopFunction[];
const lambda = () => new LambdaClient(own.config);
const configurationOf = (name: string) =>
  lambda().send(
    new GetFunctionConfigurationCommand({ FunctionName: functions.find((fn) => fn.name === name)?.functionName }),
  );
const codeOf = async (name: string) => (await configurationOf(name)).CodeSha256;

test('a saved file runs within seconds, a mistake is waited out, and a later deployment leaves the code of the sources', async () => {
  const watch = runUp('--watch');
  const says = (what: string, seconds = 30) =>
    eventually(
      `it says ${what}: ${watch.said}`,
      async () => {
        if (watch.child.exitCode !== null) throw new Error(`It ended before it said ${what}: ${watch.said}`);
        return watch.said.includes(what) ? true : undefined;
      },
      seconds,
    );
  const next = async (what: string, act: () => Promise<void>, seconds?: number) => {
    watch.said = '';
    await act();
    await says(what, seconds);
  };
  await says('watching lambdas/', DEPLOYED_WITHIN_SECONDS);
  const target = localTarget(own.engine.endpoint);
  const stack = await findStack(target, STACK_NAME);
  functions = await findFunctions(deployedShop(target, stack ?? {}));
  const source = await readFile(join(copy, RULE), 'utf8');
  const [deployed, payment] = [await codeOf('stock'), await codeOf('payment')];

  await next('stock running after', () => save(RULE, `${source}\nconsole.log('saved');\n`));
  const changed = await codeOf('stock');
  expect(changed).not.toBe(deployed);
  expect(await codeOf('payment')).toBe(payment);

  await next('What was deployed runs on', () => save(RULE, `${source}\nconst = 3;\n`));
  expect(watch.said).toContain(`${RULE}:${source.split('\n').length + 1}:7: Expected identifier but found "="`);
  expect(await codeOf('stock')).toBe(changed);

  await next('stock running after', () => save(RULE, source));
  const original = await codeOf('stock');
  expect(original).not.toBe(changed);

  const settings = JSON.parse(await readFile(join(copy, 'settings/local.json'), 'utf8'));
  const larger = { ...settings, consumers: { ...settings.consumers, stock: { memory: 1024 } } };
  await next('watching lambdas/', () => save('settings/local.json', JSON.stringify(larger)), DEPLOYED_WITHIN_SECONDS);
  expect((await configurationOf('stock')).MemorySize).toBe(1024);

  await next('stock running after', () => save(RULE, `${source}\nconsole.log('saved');\n`));
  expect(await codeOf('stock')).toBe(changed);

  watch.child.kill('SIGINT');
  expect(await watch.ended).toEqual([0, null]);
  expect(watch.said).toContain(`ministack runs at ${own.engine.endpoint}`);

  await save(RULE, source);
  const up = runUp();
  expect(await up.ended, up.said).toEqual([0, null]);
  expect(up.said).toContain('is up to date');
  expect(await codeOf('stock')).toBe(original);
}, 900_000);
