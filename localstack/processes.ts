import { setTimeout as pause } from 'node:timers/promises';
import { tryRun } from './python.ts';

/** A running process as the system lists it. */
export interface ListedProcess {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** The living processes of a group; those which only wait to be collected do not count. */
export async function processesOfGroup(group: number): Promise<ListedProcess[]> {
  const listing = (await tryRun('ps', ['-A', '-o', 'pid=,pgid=,stat=,command='])) ?? '';
  return listing
    .split('\n')
    .map((line) => line.match(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/)?.slice(1) ?? [])
    .filter(([, pgid, stat]) => Number(pgid) === group && !stat?.startsWith('Z'))
    .map(([pid, pgid, , command]) => ({ pid: Number(pid), group: Number(pgid), command: command ?? '' }));
}

/**
 * Ends the supervisor of an engine, and so all that it started; kills what is left of the group. `mark` is a text that
 * the engine's own command line contains: a number that the system has given to another program is left alone.
 * Gives how many processes were ended.
 */
export async function endGroup(group: number, mark: string): Promise<number> {
  const before = await processesOfGroup(group);
  if (!before.some(({ command }) => command.includes(mark))) return 0;
  signal(before.some(({ pid }) => pid === group) ? group : -group, 'SIGTERM');
  const patience = Date.now() + 8_000;
  while ((await processesOfGroup(group)).length > 0) {
    if (Date.now() > patience) signal(-group, 'SIGKILL');
    await pause(100);
  }
  return before.length;
}

function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch {
    // Gone in the meantime, which is what was wanted.
  }
}
