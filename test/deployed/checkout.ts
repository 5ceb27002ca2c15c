import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import { engineEnvironment } from '../../localstack/environment.ts';

const root = join(import.meta.dirname, '..', '..');

/** Copies what is deployed to a folder of its own, where a stage's file can be edited; returns the folder. */
export async function copyCheckout(): Promise<string> {
  const checkout = await mkdtemp(join(tmpdir(), 'shop-messaging-checkout-'));
  for (const name of ['contracts', 'infra', 'lambdas', 'localstack', 'ops', 'settings', 'cdk.json', 'package.json']) {
    await cp(join(root, name), join(checkout, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  return checkout;
}

/** Runs `npm run deploy` in a checkout, on the engine of the suite. */
export async function runDeploy(checkout: string, stage: string, ...args: string[]) {
  const child = spawn('npm', ['run', '--silent', 'deploy', '--', stage, '--json', '--yes', ...args], {
    cwd: checkout,
    env: engineEnvironment(inject('endpoint')),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said, result: output === '' ? undefined : JSON.parse(output) };
}
