import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { engineEnvironment } from '../../localstack/environment.ts';
import { freePort } from '../harness/engine.ts';
import { startTied } from '../harness/tied-program.ts';

const main = join(import.meta.dirname, '..', '..', 'ops', 'main.ts');

/** A console in a process of its own, as `npm run console` starts it. `url` is the link that it printed. */
export type RunningConsole = { url: string; port: number; stop(): Promise<void> };

/** Starts the console of the shop at an endpoint; `port` is any free one unless told otherwise. Throws what it said where it does not start. */
export async function startConsole(endpoint: string, port?: number): Promise<RunningConsole> {
  const chosen = String(port ?? (await freePort()));
  const program = startTied([process.execPath, main, 'console', '--json', '--no-open', '--port', chosen], {
    env: engineEnvironment(endpoint),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let said = '';
  program.stderr?.on('data', (some) => {
    said += some;
  });
  const lines = createInterface(program.stdout ?? Readable.from([]));
  const first = await Promise.race([once(lines, 'line'), program.ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`The console ended: ${said}`);
  const { url }: { url: string } = JSON.parse(String(first[0]));
  return { url, port: Number(new URL(url).port), stop: program.stop };
}
