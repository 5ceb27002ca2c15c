import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Figure } from './figure.ts';
import { peerVersions } from './installed.ts';
import { type SectionName, sectionNames } from './sections.ts';

/** One section as it was last measured; `failure` says why it broke off when it was last tried, which may have been later. */
export type Measured = {
  name: SectionName;
  title: string;
  date: string;
  commit: string;
  runs: number;
  seconds: number;
  figures: readonly Figure[];
  failure?: string;
};

/** Where a benchmark ran, and against what. */
export type Circumstances = {
  date: string;
  commit: string;
  node: string;
  cores: number;
  peers: Record<string, string>;
};

/** All that `results/latest.json` holds. */
export type Latest = Circumstances & { sections: readonly Measured[] };

const run = promisify(execFile);

/** Gives the circumstances of a benchmark that begins now; the commit of a changed work tree ends in `+`. */
export async function circumstances(): Promise<Circumstances> {
  return {
    date: new Date().toISOString(),
    commit: await commit(),
    node: process.version,
    cores: availableParallelism(),
    peers: await peerVersions(),
  };
}

async function commit(): Promise<string> {
  try {
    const { stdout: id } = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: import.meta.dirname });
    const changes = ['status', '--porcelain', '--', '..', ':!results'];
    const { stdout: changed } = await run('git', changes, { cwd: import.meta.dirname });
    return `${id.trim()}${changed === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

/** Takes the name of a results file and gives what it holds; `undefined` where there is none. */
export async function readLatest(file: string): Promise<Latest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Latest;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read: delete it to begin anew.`, { cause: error });
  }
}

/** Takes what was measured before and what a section came to now and gives both together, sections in the sequence they run in. */
export function merged(before: Latest | undefined, now: Circumstances, measured: Measured): Latest {
  const old = before?.sections ?? [];
  const kept = old.find(({ name }) => name === measured.name);
  // A section that failed leaves the figures of the last time it did not.
  const shown =
    measured.failure !== undefined && measured.figures.length === 0 && kept !== undefined
      ? { ...kept, failure: measured.failure }
      : measured;
  const sections = [...old.filter(({ name }) => name !== measured.name), shown];
  const place = ({ name }: Measured) => sectionNames.indexOf(name);
  return { ...now, sections: sections.sort((one, other) => place(one) - place(other)) };
}
