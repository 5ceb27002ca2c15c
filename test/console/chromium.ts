import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { localFolder } from '../../localstack/engines.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Where `.ci/install-tools` unpacks one that it may not install. */
const UNPACKED = join(localFolder, 'tools', 'debian', 'chromium');

const NO_CHROMIUM =
  'there is no Chromium on this machine: install it (on Debian `apt-get install chromium`), run .ci/install-tools, or name one with CHROMIUM_PATH';

/** Finds a Chromium: the one that CHROMIUM_PATH names, whatever else there is, or one on the PATH or unpacked in `.local`. */
export function findChromium(env: NodeJS.ProcessEnv = process.env, unpacked = UNPACKED): string | undefined {
  const named = env.CHROMIUM_PATH;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = named ? [named] : [...NAMES.flatMap((name) => folders.map((one) => join(one, name))), unpacked];
  return candidates.find((file) => existsSync(file));
}

/** Says in a sentence why no Chromium can be started; `undefined` where one can. */
export const missingChromium = (): string | undefined => (findChromium() === undefined ? NO_CHROMIUM : undefined);
