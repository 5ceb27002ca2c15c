import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A running process. `group` is its process group id, `command` its command line, as bytes: it may contain any file name. */
export interface ProcessInfo {
  readonly pid: number;
  readonly group: number;
  readonly command: Buffer;
}

/** Lists the running processes of a process group, without zombies. Throws where the system does not say what runs. */
export async function listProcessGroup(group: number, system = process.platform): Promise<ProcessInfo[]> {
  const running = system === 'linux' ? await readProc(group) : await askPs();
  return running.filter((one) => one.group === group);
}

/** Returns whether a command line contains one of the texts. */
export const mentions = ({ command }: ProcessInfo, markers: readonly string[]): boolean =>
  markers.some((marker) => command.includes(marker));

// `ps` need not be installed, as in many containers.
async function readProc(group: number): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readProcess(pid, group)));
  return found.filter((one) => one !== undefined);
}

/** Reads one process of a group. Returns `undefined` for one that is in another group or has ended. */
async function readProcess(pid: string, group: number): Promise<ProcessInfo | undefined> {
  try {
    // `pid (name) state ppid pgrp …`, where the name may contain spaces and parentheses: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(pgrp) !== group || /^[ZX]/.test(state)) return undefined;
    return { pid: Number(pid), group, command: await readFile(`/proc/${pid}/cmdline`) };
  } catch {
    return undefined;
  }
}

// -ww: `ps` cuts lines at COLUMNS even where its output is no terminal. LC_ALL: how it writes other characters depends on the locale.
async function askPs(): Promise<ProcessInfo[]> {
  const env = { PATH: `${process.env.PATH ?? ''}:/bin:/usr/bin`, LC_ALL: 'C' };
  const options = { env, encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,pgid=,stat=,command='], options);
  return parsePs(stdout);
}

function parsePs(listing: Buffer): ProcessInfo[] {
  return listing
    .toString('latin1')
    .split('\n')
    .map((line) => line.match(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/)?.slice(1) ?? [])
    .filter(([pid, , state]) => pid !== undefined && !state?.startsWith('Z'))
    .map(([pid, pgid, , command = '']) => ({
      pid: Number(pid),
      group: Number(pgid),
      command: Buffer.from(command, 'latin1'),
    }));
}

/**
 * Stops an engine: terminates its supervisor, and kills what is left of the process group after 8 s. `markers` are texts one of which is in the
 * engine's command line; without any the id belongs to another program by now, and nothing is stopped.
 * Returns the number of stopped processes.
 */
export async function stopProcessGroup(group: number, markers: readonly string[]): Promise<number> {
  const before = await listProcessGroup(group);
  if (!before.some((one) => mentions(one, markers))) return 0;
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
