import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fetchHealth, probeEndpoint } from './endpoint.ts';
import { type EngineName, engines, localFolder, pinnedNode } from './engines.ts';
import { NO_SHARED_CONFIG } from './environment.ts';
import { type Installation, install, type Progress } from './install.ts';
import { writePidFile } from './pidfile.ts';
import { stopProcessGroup } from './processes.ts';

/** A running engine that answers requests. */
export interface RunningEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  /** The supervisor's process id, which is also its process group id. */
  readonly pid: number;
  /** Stops the engine and all its function processes. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: EngineName;
  readonly port: number;
  /** The engine's own folder: log, temporary files and data. Temporary files are deleted and the log is overwritten at start. */
  readonly dataDir: string;
  readonly progress: Progress;
  /** Whether the engine outlives this process. Otherwise it stops with it, even if this process is killed. @default false */
  readonly detached?: boolean;
}

const READY_TIMEOUT_SECONDS = 90;

/** Installs an engine if needed, starts it and waits up to 90 s until it answers. Throws an error with the end of its log otherwise. */
export async function startEngine(options: StartOptions): Promise<RunningEngine> {
  const { name, port, dataDir, progress } = options;
  const definition = engines[name];
  const endpoint = `http://127.0.0.1:${port}`;
  const existing = await probeEndpoint(endpoint);
  if (existing.kind !== 'nothing') throw new Error(`Port ${port} is taken, so ${definition.title} cannot start there.`);
  const python = await ensureInstalled(name, progress);
  const companion = name === 'localstack' ? await ensureInstalled('ministack', progress) : python;
  const temporary = join(dataDir, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  // Functions are unpacked below this folder: without this file, Node would apply our package.json, which says they are ES modules.
  await writeFile(join(temporary, 'package.json'), '{}\n');
  const started = Date.now();
  const log = join(dataDir, 'engine.log');
  const token = randomUUID();
  const child = await spawnSupervisor(options, python, token, log, {
    ...inheritedEnvironment(),
    ...definition.environment({ port, folder: dataDir, companion }),
    TMPDIR: temporary,
    ENGINE_NODE: pinnedNode(),
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`${definition.title} could not be started with ${python}.`);
  if (options.detached === true) await writePidFile({ name, endpoint, pid: group, dataDir, token });
  const stop = async () => {
    await stopProcessGroup(group, [token, dataDir]);
  };
  try {
    await waitUntilReady(child, endpoint, definition.title, log);
  } catch (error) {
    await stop();
    throw error;
  }
  progress(`${name}: ready at ${endpoint} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { name, endpoint, pid: group, stop };
}

/** Installs an engine's packages unless they are installed already. Returns the path of the Python that has them. */
export function ensureInstalled(name: EngineName, progress: Progress): Promise<string> {
  return install({ ...installationOf(name), progress });
}

/** Returns an engine's environment as `install` and `findInstalled` take it. */
export function installationOf(name: EngineName): Omit<Installation, 'progress'> {
  const { requirements, python, module } = engines[name];
  return { name, requirements, python, modules: [module], root: join(localFolder, 'engines') };
}

// The user's AWS settings must not reach the engine, because it passes its environment on to the functions.
function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'DOCKER_HOST', 'SSL_CERT_FILE'];
  const variables = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(variables), ...NO_SHARED_CONFIG, TZ: 'UTC', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' };
}

async function spawnSupervisor(
  options: StartOptions,
  python: string,
  token: string,
  log: string,
  env: Record<string, string>,
) {
  const lifetime = options.detached === true ? 'detached' : 'tied';
  const supervisor = join(import.meta.dirname, 'supervise.py');
  const output = openSync(log, 'w');
  const engine = [python, engines[options.name].script, options.dataDir, token];
  const child = spawn(python, [supervisor, lifetime, ...engine], {
    cwd: options.dataDir,
    env,
    detached: true,
    // Nothing is written to the pipe. It closes when this process ends, even by SIGKILL, and that stops a tied engine.
    stdio: [lifetime === 'tied' ? 'pipe' : 'ignore', output, output],
  });
  closeSync(output);
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child;
}

async function waitUntilReady(child: ChildProcess, endpoint: string, title: string, log: string): Promise<void> {
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  const deadline = Date.now() + READY_TIMEOUT_SECONDS * 1_000;
  while ((await fetchHealth(endpoint, '/_localstack/health')) === undefined) {
    const reason = ended ? 'ended while starting' : `did not answer within ${READY_TIMEOUT_SECONDS} s`;
    if (ended || Date.now() > deadline) {
      const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-20).join('\n');
      throw new Error(`${title} ${reason}. The end of ${log}:\n${tail}`);
    }
    await pause(50);
  }
}
