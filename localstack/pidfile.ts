import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineName, engines } from './engines.ts';
import { processesOfGroup } from './processes.ts';

/** An engine that was started from here to stay; its process group, which may have ended since. */
export interface StayingEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  readonly pid: number;
  readonly dataDir: string;
}

const pidFile = (dataDir: string) => join(dataDir, 'pid.json');

/** Notes an engine as soon as its process exists, so that one whose launcher was interrupted is found again. */
export async function noteStaying({ dataDir, ...engine }: StayingEngine): Promise<void> {
  await writeFile(pidFile(dataDir), JSON.stringify(engine));
}

/** The engines that were started from here to stay and that still have a process. */
export async function stayingEngines(folder: string): Promise<StayingEngine[]> {
  const noted = await Promise.all(
    Object.keys(engines).map(async (name): Promise<StayingEngine[]> => {
      const dataDir = join(folder, name);
      try {
        const engine = JSON.parse(await readFile(pidFile(dataDir), 'utf8')) as Omit<StayingEngine, 'dataDir'>;
        const processes = await processesOfGroup(engine.pid);
        // A number that the system has given to another program since is no engine of ours.
        return processes.some(({ command }) => command.includes(dataDir)) ? [{ ...engine, dataDir }] : [];
      } catch {
        return [];
      }
    }),
  );
  return noted.flat();
}

/** Forgets an engine that was ended. */
export async function forgetStaying({ dataDir }: StayingEngine): Promise<void> {
  await rm(pidFile(dataDir), { force: true });
}
