import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { engineEnvironment } from '../../localstack/environment.ts';
import { freePort } from '../harness/engine.ts';

const main = join(import.meta.dirname, '..', '..', 'ops', 'main.ts');

/** A console in a process of its own, as `npm run console` starts it. `url` is the link that it printed. */
export type RunningConsole = { url: string; port: number; stop(): Promise<void> };

/** Starts the console of the shop at an endpoint; `port` is any free one unless told otherwise. Throws what it said where it does not start. */
export async function startConsole(endpoint: string, port?: number): Promise<RunningConsole> {
  const chosen = String(port ?? (await freePort()));
  const child = spawn(process.execPath, [main, 'console', '--json', '--no-open', '--port', chosen], {
    env: engineEnvironment(endpoint),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (some) => {
    said += some;
  });
  const ended = once(child, 'close');
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`The console ended: ${said}`);
  const { url }: { url: string } = JSON.parse(String(first[0]));
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { url, port: Number(new URL(url).port), stop };
}
