import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { health, whatAnswers } from './endpoint.ts';
import { type EngineName, engines, localFolder, pinnedNode } from './engines.ts';
import { install, type Progress } from './install.ts';
import { noteStaying } from './pidfile.ts';
import { endGroup } from './processes.ts';

/** An engine that answers, and how to end it. */
export interface RunningEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  /** The supervisor's process, which is also its process group. */
  readonly pid: number;
  /** Ends the engine with every function process. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: EngineName;
  readonly port: number;
  /** The engine's own folder: log, temporary files, data. Emptied at start, except for the log of the last run. */
  readonly dataDir: string;
  readonly progress: Progress;
  /**
   * Whether the engine stays when this process ends. By default it ends with it, however this process ends.
   * @default false
   */
  readonly detached?: boolean;
}

const READY_WITHIN_SECONDS = 90;

/** Installs an engine if needed, starts it, and waits until it answers; a failure shows the end of its log. */
export async function startEngine(options: StartOptions): Promise<RunningEngine> {
  const { name, port, dataDir, progress } = options;
  const definition = engines[name];
  const endpoint = `http://127.0.0.1:${port}`;
  const taken = await whatAnswers(endpoint);
  if (taken.kind !== 'nothing') throw new Error(`Port ${port} is taken, so ${definition.title} cannot start there.`);
  const python = await installed(name, progress);
  const companion = name === 'localstack' ? await installed('ministack', progress) : python;
  const temporary = join(dataDir, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  // Functions are unpacked below: without this, Node would take them for part of our own package, of ES modules.
  await writeFile(join(temporary, 'package.json'), '{}\n');
  const started = Date.now();
  const log = join(dataDir, 'engine.log');
  const child = await run(options, python, log, {
    ...inherited(),
    ...definition.environment({ port, folder: dataDir, companion }),
    TMPDIR: temporary,
    ENGINE_NODE: pinnedNode(),
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`${definition.title} could not be started with ${python}.`);
  if (options.detached === true) await noteStaying({ name, endpoint, pid: group, dataDir });
  const stop = async () => {
    await endGroup(group, dataDir);
  };
  try {
    await ready(child, endpoint, definition.title, log);
  } catch (error) {
    await stop();
    throw error;
  }
  progress(`${name}: ready at ${endpoint} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { name, endpoint, pid: group, stop };
}

/** Installs an engine's packages unless they are there, and gives the Python that has them. */
export function installed(name: EngineName, progress: Progress): Promise<string> {
  const { requirements, python } = engines[name];
  return install({ name, requirements, python, root: join(localFolder, 'engines'), progress });
}

// Nothing of the person's AWS set-up may reach the engine: it hands its environment on to the functions.
function inherited(): Record<string, string> {
  const passed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'DOCKER_HOST', 'SSL_CERT_FILE'];
  const kept = passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(kept), TZ: 'UTC', PYTHONUNBUFFERED: '1' };
}

async function run(options: StartOptions, python: string, log: string, env: Record<string, string>) {
  const lifetime = options.detached === true ? 'detached' : 'tied';
  const supervisor = join(import.meta.dirname, 'supervise.py');
  const output = openSync(log, 'w');
  const child = spawn(python, [supervisor, lifetime, python, engines[options.name].script, options.dataDir], {
    cwd: options.dataDir,
    env,
    detached: true,
    // The pipe is never written to: that it closes, even when we are killed, is what ends a tied engine.
    stdio: [lifetime === 'tied' ? 'pipe' : 'ignore', output, output],
  });
  closeSync(output);
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child;
}

async function ready(child: ChildProcess, endpoint: string, title: string, log: string): Promise<void> {
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  const patience = Date.now() + READY_WITHIN_SECONDS * 1_000;
  while ((await health(endpoint, '/_localstack/health')) === undefined) {
    const why = ended ? 'ended while starting' : `did not answer within ${READY_WITHIN_SECONDS} s`;
    if (ended || Date.now() > patience) {
      const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-20).join('\n');
      throw new Error(`${title} ${why}. The end of ${log}:\n${tail}`);
    }
    await pause(50);
  }
}
