import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Figure } from './figure.ts';
import { peerVersions } from './peers.ts';
import { type SectionName, sectionNames } from './sections.ts';

/** A section as it was last measured; `failure` says why its last run, which may be later, failed. */
export type SectionResult = {
  name: SectionName;
  title: string;
  date: string;
  commit: string;
  runs: number;
  seconds: number;
  figures: readonly Figure[];
  failure?: string;
};

/** Where and when a benchmark ran, and against which versions. */
export type RunInfo = { date: string; commit: string; node: string; cores: number; peers: Record<string, string> };

/** The contents of `results/latest.json`. */
export type Results = RunInfo & { sections: readonly SectionResult[] };

/** Describes a run that begins now. The commit of a changed work tree ends in `+`. */
export async function describeRun(): Promise<RunInfo> {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout ?? '';
  const isChanged = git('status', '--porcelain', '--', '..', ':!results') !== '';
  return {
    date: new Date().toISOString(),
    commit: `${git('rev-parse', '--short=12', 'HEAD').trim() || 'unknown'}${isChanged ? '+' : ''}`,
    node: process.version,
    cores: availableParallelism(),
    peers: await peerVersions(),
  };
}

/** Reads a results file; `undefined` if there is none. */
export async function readResults(file: string): Promise<Results | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Results;
  } catch (error) {
    throw new Error(`${file} cannot be read: delete it to begin anew.`, { cause: error });
  }
}

/** Replaces a section's result, in the order of the sections; one that failed keeps its former figures. */
export function mergeResults(before: Results | undefined, now: RunInfo, measured: SectionResult): Results {
  const old = before?.sections ?? [];
  const former = old.find(({ name }) => name === measured.name);
  const { failure, figures } = measured;
  const result = failure !== undefined && figures.length === 0 && former ? { ...former, failure } : measured;
  const sections = [...old.filter(({ name }) => name !== measured.name), result];
  const place = ({ name }: SectionResult) => sectionNames.indexOf(name);
  return { ...now, sections: sections.sort((one, other) => place(one) - place(other)) };
}
