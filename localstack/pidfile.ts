import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineName, engines } from './engines.ts';
import { listProcessGroup, mentions, stopProcessGroup } from './processes.ts';

/** An engine that was started from this repository and outlives its launcher. `pid` is its process group, which may have ended since. */
export interface DetachedEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  readonly pid: number;
  readonly dataDir: string;
  /** A random text in its command line, by which it is told from another program with its id. Absent if an older version started it. */
  readonly token?: string;
}

const pidFile = (dataDir: string) => join(dataDir, 'pid.json');

/** Writes the pid file. Called as soon as the process exists, so that the engine is found even if its launcher is interrupted. */
export async function writePidFile({ dataDir, ...engine }: DetachedEngine): Promise<void> {
  await writeFile(pidFile(dataDir), JSON.stringify(engine));
}

/** Finds the engines that were started detached from this repository and still have a process. Throws where that cannot be known. */
export async function findDetachedEngines(folder: string): Promise<DetachedEngine[]> {
  const found = await Promise.all(
    Object.keys(engines).map(async (name) => {
      const engine = await readPidFile(join(folder, name));
      if (engine === undefined) return [];
      const processes = await listProcessGroup(engine.pid);
      return processes.some((one) => mentions(one, markersOf(engine))) ? [engine] : [];
    }),
  );
  return found.flat();
}

/** Stops a detached engine with its functions. Returns the number of stopped processes. */
export async function stopDetached(engine: DetachedEngine): Promise<number> {
  const stopped = await stopProcessGroup(engine.pid, markersOf(engine));
  await rm(pidFile(engine.dataDir), { force: true });
  return stopped;
}

// What is left of an engine whose supervisor was killed are functions: their code is below its folder.
const markersOf = ({ dataDir, token }: DetachedEngine) => (token === undefined ? [dataDir] : [token, dataDir]);

async function readPidFile(dataDir: string): Promise<DetachedEngine | undefined> {
  try {
    return { ...(JSON.parse(await readFile(pidFile(dataDir), 'utf8')) as Omit<DetachedEngine, 'dataDir'>), dataDir };
  } catch {
    return undefined;
  }
}
