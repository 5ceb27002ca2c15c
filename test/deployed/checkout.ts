import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import { engineEnvironment } from '../../localstack/environment.ts';

const root = join(import.meta.dirname, '..', '..');

const DEPLOYED = [
  'contracts',
  'examples',
  'infra',
  'lambdas',
  'localstack',
  'ops',
  'settings',
  'cdk.json',
  'package.json',
];
/** What a clone has besides, and `ops new` writes or reads. */
export const WHOLE = [
  ...DEPLOYED,
  'bench',
  'docs',
  'test',
  'biome.json',
  '.gitignore',
  'tsconfig.json',
  'package-lock.json',
  'vitest.config.ts',
];

/** Copies what is deployed, or more, to a folder of its own, where it can be edited; returns the folder. */
export async function copyCheckout(names: readonly string[] = DEPLOYED): Promise<string> {
  const checkout = await mkdtemp(join(tmpdir(), 'shop-messaging-checkout-'));
  for (const name of names) {
    const filter = (path: string) => !path.endsWith('node_modules');
    await cp(join(root, name), join(checkout, name), { recursive: true, filter });
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  return checkout;
}

/** Runs `npm run deploy` in a checkout, on the engine of the suite. */
export const runDeploy = (checkout: string, stage: string, ...args: string[]) =>
  runScript(checkout, ['deploy', '--', stage, '--json', '--yes', ...args]);

/** Runs `npm run ops` in a checkout, on the engine of the suite and the stack `stackName`. */
export const runOpsIn = (checkout: string, stackName: string, ...args: string[]) =>
  runScript(checkout, ['ops', '--', ...args, '--json'], { SHOP_STACK_NAME: stackName });

async function runScript(checkout: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn('npm', ['run', '--silent', ...args], {
    cwd: checkout,
    env: { ...engineEnvironment(inject('endpoint')), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said, result: output === '' ? undefined : JSON.parse(output) };
}
