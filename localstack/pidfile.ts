import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineName, engines } from './engines.ts';
import { listProcessGroup } from './processes.ts';

/** An engine that was started from this repository and outlives its launcher. `pid` is its process group, which may have ended since. */
export interface DetachedEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  readonly pid: number;
  readonly dataDir: string;
}

const pidFile = (dataDir: string) => join(dataDir, 'pid.json');

/** Writes the pid file. Called as soon as the process exists, so that the engine is found even if its launcher is interrupted. */
export async function writePidFile({ dataDir, ...engine }: DetachedEngine): Promise<void> {
  await writeFile(pidFile(dataDir), JSON.stringify(engine));
}

/** Finds the engines that were started detached from this repository and still have a process. */
export async function findDetachedEngines(folder: string): Promise<DetachedEngine[]> {
  const found = await Promise.all(
    Object.keys(engines).map(async (name): Promise<DetachedEngine[]> => {
      const dataDir = join(folder, name);
      try {
        const engine = JSON.parse(await readFile(pidFile(dataDir), 'utf8')) as Omit<DetachedEngine, 'dataDir'>;
        const processes = await listProcessGroup(engine.pid);
        // The system may have given the process id to another program since, so check the command line.
        return processes.some(({ command }) => command.includes(dataDir)) ? [{ ...engine, dataDir }] : [];
      } catch {
        return [];
      }
    }),
  );
  return found.flat();
}

/** Removes the pid file of a stopped engine. */
export async function removePidFile({ dataDir }: DetachedEngine): Promise<void> {
  await rm(pidFile(dataDir), { force: true });
}
