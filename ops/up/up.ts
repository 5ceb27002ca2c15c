import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultEndpoint, parseEndpoint, probeEndpoint } from '../../localstack/endpoint.ts';
import {
  type EngineName,
  type EngineRecord,
  ensureEngine,
  readEngineRecord,
  stopEngine,
} from '../../localstack/engine.ts';
import { localFolder } from '../../localstack/engines.ts';
import { localTarget } from '../aws-target.ts';
import { type DeployedShop, deployedShop, outputsFileName } from '../stack.ts';
import type { OnProgress } from '../steps.ts';
import { deploy } from './deploy.ts';
import { putBackCode } from './updated-functions.ts';

export type UpOptions = {
  /** The engine to start where none answers. @default ministack */
  engine?: EngineName | undefined;
  signal: AbortSignal;
  onProgress?: OnProgress;
};

/**
 * Starts an engine unless one answers, deploys the stack unless it is up to date, and writes its outputs to `.local/outputs.json`, or to
 * `.local/outputs-<stack>.json` for another stack than ShopMessaging.
 */
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
    const putBack = await putBackCode(shop);
    if (putBack.length > 0) notify(`✓ ${putBack.join(', ')} run the code of the sources again`);
    await writeFile(join(localFolder, outputsFileName(shop.stackName)), `${JSON.stringify(shop.outputs, null, 2)}\n`);
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
  if (!startedElsewhere) await removeOutputs();
  return { stopped: record?.pid !== undefined, message };
}

async function removeOutputs(): Promise<void> {
  const files = await readdir(localFolder).catch(() => []);
  for (const file of files.filter((name) => /^outputs(-.+)?\.json$/.test(name))) {
    await rm(join(localFolder, file), { force: true });
  }
}

/** Returns `AWS_ENDPOINT_URL`, else the endpoint of the engine in use, so that all commands use the same one. */
async function chooseEndpoint(record: EngineRecord | undefined): Promise<string> {
  if (process.env.AWS_ENDPOINT_URL || record === undefined) return defaultEndpoint();
  const recorded = parseEndpoint(record.endpoint);
  return (await probeEndpoint(recorded)).kind === 'aws' ? recorded : defaultEndpoint();
}
