import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, whatAnswers } from './endpoint.ts';
import { type EngineName, engines, localFolder } from './engines.ts';
import type { Progress } from './install.ts';
import { startEngine } from './launch.ts';
import { forgetStaying, type StayingEngine, stayingEngines } from './pidfile.ts';
import { endGroup } from './processes.ts';
import { findPython } from './python.ts';

export type { EngineName } from './engines.ts';
export type { Progress } from './install.ts';
export { type RunningEngine, type StartOptions, startEngine } from './launch.ts';

/** The engine in use, as kept in `.local/engine.json`; without a pid it was started by somebody else. */
export interface EngineRecord {
  /** `unknown` where something AWS-like answers that is neither engine. */
  readonly name: EngineName | 'unknown';
  readonly endpoint: string;
  readonly pid?: number;
}

export interface EnsureOptions {
  /** @default AWS_ENDPOINT_URL, else http://127.0.0.1:4566 */
  readonly endpoint?: string;
  /** The engine to start where nothing answers. @default ministack */
  readonly name?: EngineName;
  readonly progress: Progress;
  /** Where the record and the engine's folder are kept. @default .local */
  readonly folder?: string;
}

/** The address that everything local talks to. */
export const defaultEndpoint = () => process.env.AWS_ENDPOINT_URL || 'http://127.0.0.1:4566';

/** Why an engine cannot run on this machine, in a sentence; nothing when it can. */
export async function whyNot(name: EngineName): Promise<string | undefined> {
  try {
    await findPython(engines[name].python);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Uses the engine that answers at the endpoint, whichever it is, and starts one that stays if nothing does. */
export async function ensureEngine(options: EnsureOptions): Promise<EngineRecord> {
  const { name = 'ministack', endpoint = defaultEndpoint(), progress, folder = localFolder } = options;
  const staying = await stayingEngines(folder);
  const answer = await afterItsStart(endpoint, staying);
  if (answer.kind === 'other') {
    throw new Error(
      `What answers at ${endpoint} is not AWS-like: stop it, or set AWS_ENDPOINT_URL to another address, ` +
        'such as http://127.0.0.1:4567.',
    );
  }
  if (answer.kind === 'aws') {
    const asked = options.name !== undefined && answer.name !== name ? `, not ${name}: stop it first to change` : '';
    progress(`using the ${answer.name} that runs at ${endpoint}${asked}`);
    const pid = staying.find((engine) => engine.endpoint === endpoint)?.pid;
    return await keep(folder, { name: answer.name, endpoint, ...(pid === undefined ? {} : { pid }) });
  }
  await clear(staying, progress);
  const { hostname, port } = new URL(endpoint);
  if (!['127.0.0.1', 'localhost'].includes(hostname) || port === '') {
    throw new Error(`Nothing answers at ${endpoint}, and an engine can be started on a port of 127.0.0.1 only.`);
  }
  const dataDir = join(folder, name);
  const { pid } = await startEngine({ name, port: Number(port), dataDir, progress, detached: true });
  return await keep(folder, { name, endpoint, pid });
}

// Another run may be starting it at this moment.
async function afterItsStart(endpoint: string, staying: readonly StayingEngine[]): Promise<Answer> {
  const patience = Date.now() + (staying.some((engine) => engine.endpoint === endpoint) ? 10_000 : 0);
  let answer = await whatAnswers(endpoint);
  while (answer.kind === 'nothing' && Date.now() < patience) {
    await pause(100);
    answer = await whatAnswers(endpoint);
  }
  return answer;
}

async function clear(staying: readonly StayingEngine[], progress: Progress): Promise<void> {
  for (const engine of staying) {
    if ((await whatAnswers(engine.endpoint)).kind === 'aws') {
      throw new Error(
        `${engine.name} already runs at ${engine.endpoint}: set AWS_ENDPOINT_URL to that, or end it with \`ops down\`.`,
      );
    }
    await endGroup(engine.pid, engine.dataDir);
    progress(`ended what was left of ${engine.name} at ${engine.endpoint}`);
  }
}

/** Ends what `ensureEngine` started, and says what was done; leaves anybody else's engine alone. */
export async function stopEngine(folder: string = localFolder): Promise<string> {
  const known = await readRecord(folder);
  const staying = await stayingEngines(folder);
  const done: string[] = [];
  for (const engine of staying) {
    const ended = await endGroup(engine.pid, engine.dataDir);
    await forgetStaying(engine);
    done.push(`Stopped ${engine.name} at ${engine.endpoint}, ${ended} processes with its functions.`);
  }
  await rm(join(folder, 'engine.json'), { force: true });
  if (known !== undefined && !staying.some(({ endpoint }) => endpoint === known.endpoint)) {
    const why = known.pid === undefined ? 'was not started from here: left running' : 'had already ended';
    done.push(`${known.name} at ${known.endpoint} ${why}.`);
  }
  return done.length === 0 ? 'No engine of ours is running.' : done.join(' ');
}

/** The engine in use, if one was noted. */
export async function readRecord(folder: string = localFolder): Promise<EngineRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8')) as EngineRecord;
  } catch {
    return undefined;
  }
}

async function keep(folder: string, engine: EngineRecord): Promise<EngineRecord> {
  await mkdir(folder, { recursive: true });
  // Written aside and renamed, so that a reader beside us never finds half of it.
  const aside = join(folder, `engine.json.${randomUUID()}`);
  await writeFile(aside, `${JSON.stringify(engine, null, 2)}\n`);
  await rename(aside, join(folder, 'engine.json'));
  return engine;
}
