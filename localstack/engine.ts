import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { defaultEndpoint, type ProbeResult, probeEndpoint } from './endpoint.ts';
import { type EngineName, engines, localFolder } from './engines.ts';
import { findInstalled, type Progress } from './install.ts';
import { installationOf, startEngine } from './launch.ts';
import { type DetachedEngine, findDetachedEngines, stopDetached } from './pidfile.ts';
import { findPython } from './python.ts';

export type { EngineName } from './engines.ts';
export type { Progress } from './install.ts';
export { type RunningEngine, type StartOptions, startEngine } from './launch.ts';

/** The engine in use, as stored in `.local/engine.json`. Without a pid, it was not started from this repository. */
export interface EngineRecord {
  /** `unknown`: an AWS-like server that is neither engine. */
  readonly name: EngineName | 'unknown';
  readonly endpoint: string;
  readonly pid?: number;
}

export interface EnsureOptions {
  /** @default AWS_ENDPOINT_URL, else http://127.0.0.1:4566 */
  readonly endpoint?: string;
  /** The engine to start if nothing answers. @default ministack */
  readonly name?: EngineName;
  readonly progress: Progress;
  /** The folder of the record and of the engine's data. @default .local */
  readonly folder?: string;
}

/** Says in a sentence why an engine cannot run on this machine. Returns `undefined` if it can. */
export async function unavailableReason(name: EngineName): Promise<string | undefined> {
  if ((await findInstalled(installationOf(name))) !== undefined) return undefined;
  try {
    await findPython(engines[name].python);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Uses whichever engine answers at the endpoint, or starts one that outlives this process. Throws if another kind of server answers,
 * if an engine started from here runs at another endpoint, or if the endpoint is not on this machine.
 */
export async function ensureEngine(options: EnsureOptions): Promise<EngineRecord> {
  const { name = 'ministack', endpoint = defaultEndpoint(), progress, folder = localFolder } = options;
  const detached = await findDetachedEngines(folder);
  const probe = await probeDuringStart(endpoint, detached);
  if (probe.kind === 'other') {
    throw new Error(
      `What answers at ${endpoint} is not AWS-like: stop it, or set AWS_ENDPOINT_URL to another address, ` +
        'such as http://127.0.0.1:4567.',
    );
  }
  if (probe.kind === 'aws') {
    const mismatch = options.name !== undefined && probe.name !== name ? `, not ${name}: stop it first to change` : '';
    progress(`using the ${probe.name} that runs at ${endpoint}${mismatch}`);
    const pid = detached.find((engine) => engine.endpoint === endpoint)?.pid;
    return await writeEngineRecord(folder, { name: probe.name, endpoint, ...(pid === undefined ? {} : { pid }) });
  }
  await stopUnresponsive(detached, progress);
  const { hostname, port } = new URL(endpoint);
  if (!['127.0.0.1', 'localhost'].includes(hostname) || port === '') {
    throw new Error(`Nothing answers at ${endpoint}, and an engine can only be started on a port of 127.0.0.1.`);
  }
  const dataDir = join(folder, name);
  const { pid } = await startEngine({ name, port: Number(port), dataDir, progress, detached: true });
  return await writeEngineRecord(folder, { name, endpoint, pid });
}

// Another command may be starting the engine right now, so an engine with a live process gets 10 s to answer.
async function probeDuringStart(endpoint: string, detached: readonly DetachedEngine[]): Promise<ProbeResult> {
  const deadline = Date.now() + (detached.some((engine) => engine.endpoint === endpoint) ? 10_000 : 0);
  let probe = await probeEndpoint(endpoint);
  while (probe.kind === 'nothing' && Date.now() < deadline) {
    await pause(100);
    probe = await probeEndpoint(endpoint);
  }
  return probe;
}

async function stopUnresponsive(detached: readonly DetachedEngine[], progress: Progress): Promise<void> {
  for (const engine of detached) {
    if ((await probeEndpoint(engine.endpoint)).kind === 'aws') {
      throw new Error(
        `${engine.name} already runs at ${engine.endpoint}: set AWS_ENDPOINT_URL to that, or end it with \`ops down\`.`,
      );
    }
    await stopDetached(engine);
    progress(`stopped the unresponsive ${engine.name} at ${engine.endpoint}`);
  }
}

/**
 * Stops every engine that `ensureEngine` started, and no other. Returns sentences that say what was stopped or left running. Throws, and
 * keeps the record, where an engine that was started from here answers but has no process that is known to be its own.
 */
export async function stopEngine(folder: string = localFolder): Promise<string> {
  const record = await readEngineRecord(folder);
  const detached = await findDetachedEngines(folder);
  const messages: string[] = [];
  for (const engine of detached) {
    const stopped = await stopDetached(engine);
    messages.push(
      `Stopped ${engine.name} at ${engine.endpoint}, ${stopped === 1 ? '1 process' : `${stopped} processes`} with its functions.`,
    );
  }
  if (record !== undefined && !detached.some(({ endpoint }) => endpoint === record.endpoint)) {
    const startedHere = record.pid !== undefined;
    if (startedHere && (await probeEndpoint(record.endpoint)).kind === 'aws') throw new Error(lostProcess(record));
    const reason = startedHere ? 'had already ended' : 'was not started from here: left running';
    messages.push(`${record.name} at ${record.endpoint} ${reason}.`);
  }
  await rm(join(folder, 'engine.json'), { force: true });
  return messages.length === 0 ? 'No engine of ours is running.' : messages.join(' ');
}

const lostProcess = ({ name, endpoint, pid }: EngineRecord) =>
  `${name} at ${endpoint} still answers, but its process ${pid} is not to be seen from here: stop it where it was started ` +
  '(another container, or another user).';

/** Reads the record of the engine in use, if there is one. */
export async function readEngineRecord(folder: string = localFolder): Promise<EngineRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8')) as EngineRecord;
  } catch {
    return undefined;
  }
}

async function writeEngineRecord(folder: string, engine: EngineRecord): Promise<EngineRecord> {
  await mkdir(folder, { recursive: true });
  // Written to a temporary file and renamed, so that a concurrent reader never sees half of it.
  const temporary = join(folder, `engine.json.${randomUUID()}`);
  await writeFile(temporary, `${JSON.stringify(engine, null, 2)}\n`);
  await rename(temporary, join(folder, 'engine.json'));
  return engine;
}
