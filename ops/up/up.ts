import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeEndpoint } from '../../localstack/endpoint.ts';
import {
  defaultEndpoint,
  type EngineName,
  type EngineRecord,
  ensureEngine,
  readEngineRecord,
  stopEngine,
} from '../../localstack/engine.ts';
import { localFolder } from '../../localstack/engines.ts';
import { localTarget } from '../aws-target.ts';
import { type DeployedShop, deployedShop } from '../stack.ts';
import type { OnProgress } from '../steps.ts';
import { deploy } from './deploy.ts';

const outputsFile = join(localFolder, 'outputs.json');

export type UpOptions = {
  /** The engine to start where none answers. @default ministack */
  engine?: EngineName | undefined;
  signal: AbortSignal;
  onProgress?: OnProgress;
};

/** Starts an engine unless one answers, deploys the stack unless it is up to date, and writes its outputs to `.local/outputs.json`. */
export async function up({
  engine: name,
  signal,
  onProgress = () => {},
}: UpOptions): Promise<{ engine: EngineRecord; shop: DeployedShop }> {
  const notify = (text: string) => onProgress({ kind: 'notice', text });
  const previous = await readEngineRecord();
  const endpoint = await chooseEndpoint(previous);
  const engine = await ensureEngine({ endpoint, progress: notify, ...(name === undefined ? {} : { name }) });
  try {
    signal.throwIfAborted();
    const target = localTarget(engine.endpoint);
    const shop = deployedShop(target, await deploy(target, { signal, onProgress }));
    await writeFile(outputsFile, `${JSON.stringify(shop.outputs, null, 2)}\n`);
    return { engine, shop };
  } catch (error) {
    // An engine that this run started is of no use to anybody without its stack.
    if (signal.aborted && engine.pid !== undefined && engine.pid !== previous?.pid) notify(await stopEngine());
    throw error;
  }
}

/** Stops the engine that `up` started and removes its outputs; an engine that was started otherwise stays. */
export async function down(): Promise<{ stopped: boolean; message: string }> {
  const record = await readEngineRecord();
  const message = await stopEngine();
  const startedElsewhere = record !== undefined && record.pid === undefined;
  if (!startedElsewhere) await rm(outputsFile, { force: true });
  return { stopped: record?.pid !== undefined, message };
}

/** Returns `AWS_ENDPOINT_URL`, else the endpoint of the engine in use, so that all commands use the same one. */
async function chooseEndpoint(record: EngineRecord | undefined): Promise<string> {
  if (process.env.AWS_ENDPOINT_URL) return localTarget(process.env.AWS_ENDPOINT_URL).where;
  if (record !== undefined && (await probeEndpoint(record.endpoint)).kind === 'aws') return record.endpoint;
  return process.env.AWS_ENDPOINT_URL === '' ? 'http://127.0.0.1:4566' : defaultEndpoint();
}
