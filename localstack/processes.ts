import { setTimeout as pause } from 'node:timers/promises';
import { captureOutput } from './python.ts';

/** A running process as `ps` lists it. `group` is its process group id. */
export interface ProcessInfo {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** Lists the running processes of a process group, without zombies. */
export async function listProcessGroup(group: number): Promise<ProcessInfo[]> {
  const listing = (await captureOutput('ps', ['-A', '-o', 'pid=,pgid=,stat=,command='])) ?? '';
  return listing
    .split('\n')
    .map((line) => line.match(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/)?.slice(1) ?? [])
    .filter(([, pgid, stat]) => Number(pgid) === group && !stat?.startsWith('Z'))
    .map(([pid, pgid, , command]) => ({ pid: Number(pid), group: Number(pgid), command: command ?? '' }));
}

/**
 * Stops an engine: terminates its supervisor, and kills what is left of the process group after 8 s. `commandMarker` is a text in the
 * engine's command line; without it the id belongs to another program by now, and nothing is stopped.
 * Returns the number of stopped processes.
 */
export async function stopProcessGroup(group: number, commandMarker: string): Promise<number> {
  const before = await listProcessGroup(group);
  if (!before.some(({ command }) => command.includes(commandMarker))) return 0;
  sendSignal(before.some(({ pid }) => pid === group) ? group : -group, 'SIGTERM');
  const killAfter = Date.now() + 8_000;
  while ((await listProcessGroup(group)).length > 0) {
    if (Date.now() > killAfter) sendSignal(-group, 'SIGKILL');
    await pause(100);
  }
  return before.length;
}

function sendSignal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch {
    // The process has ended already.
  }
}
