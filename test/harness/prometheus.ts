import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { localFolder } from '../../localstack/engines.ts';

/** Where `.ci/install-tools` unpacks what it may not install. */
const UNPACKED = join(localFolder, 'tools', 'debian', 'usr', 'bin');

/**
 * Returns the path of Prometheus or of its tool. Where it is not on this machine the test is skipped with the reason, and on CI fails.
 */
export function prometheusProgram(name: 'prometheus' | 'promtool', skip: (reason: string) => never): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), UNPACKED];
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const reason = `there is no ${name} on this machine: install Prometheus (on Debian \`apt-get install prometheus\`), or run .ci/install-tools`;
  if (process.env.CI) throw new Error(reason);
  return skip(reason);
}
