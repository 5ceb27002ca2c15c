import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineName, startEngine, unavailableReason } from '../../localstack/engine.ts';
import { engineClientConfig } from '../../localstack/environment.ts';

/** Returns whether an engine can run on this machine; throws on CI, where it must. */
export async function canTestEngine(name: EngineName): Promise<boolean> {
  const reason = await unavailableReason(name);
  if (reason === undefined) return true;
  if (process.env.CI === 'true') throw new Error(`${name} must be tested on CI. ${reason}`);
  console.warn(`\n!!! NOT TESTED ON ${name.toUpperCase()}: ${reason}\n`);
  return false;
}

/** Finds a port of the loopback interface that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => found(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Creates a folder that is removed when this process exits. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `shop-messaging-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts an engine on a port and in a folder of its own; `end` removes both. */
export async function startTestEngine(name: EngineName) {
  const dataDir = temporaryFolder(`engine-${name}`);
  const engine = await startEngine({ name, port: await freePort(), dataDir, progress: console.info });
  const end = async () => {
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { engine, dataDir, end, config: engineClientConfig(engine.endpoint) };
}

/** Polls until `ask` returns a value; throws after `seconds`. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, seconds = 20): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((soon) => setTimeout(soon, 50));
  }
  throw new Error(`${what} did not happen within ${seconds} s.`);
}
