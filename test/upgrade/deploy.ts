import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { engineEnvironment } from '../../localstack/environment.ts';

const run = promisify(execFile);

/**
 * Deploys a checkout by its own `ops up`, into the same stack whatever the version, and returns the stack's outputs. Throws with what the
 * command said.
 */
export async function deployCheckout(folder: string, endpoint: string): Promise<Record<string, string>> {
  const options = { cwd: folder, env: engineEnvironment(endpoint), maxBuffer: 10_000_000 };
  const { stdout } = await run(process.execPath, ['ops/main.ts', 'up', '--json'], options);
  return (JSON.parse(stdout) as { outputs: Record<string, string> }).outputs;
}
