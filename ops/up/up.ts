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
import { interruptible } from '../interruption.ts';
import { printNotice } from '../progress.ts';
import { type DeployedShop, deployedShop } from '../stack.ts';
import { deploy } from './deploy.ts';

const outputsFile = join(localFolder, 'outputs.json');

/** Starts an engine unless one answers, deploys the stack unless it is there, and leaves its outputs in `.local/outputs.json`. */
export async function up(name: EngineName | undefined): Promise<{ engine: EngineRecord; shop: DeployedShop }> {
  return await interruptible('Interrupted: ending what was begun.', async (signal) => {
    const before = await readEngineRecord();
    const endpoint = await endpointToUse(before);
    const engine = await ensureEngine({ endpoint, progress: printNotice, ...(name === undefined ? {} : { name }) });
    try {
      signal.throwIfAborted();
      const target = localTarget(engine.endpoint);
      const shop = deployedShop(target, await deploy(target, signal));
      await writeFile(outputsFile, `${JSON.stringify(shop.outputs, null, 2)}\n`);
      return { engine, shop };
    } catch (error) {
      // An engine without its stack is of no use to anybody who did not ask for it.
      if (signal.aborted && engine.pid !== undefined && engine.pid !== before?.pid) printNotice(await stopEngine());
      throw error;
    }
  });
}

/** Ends the engine started by `up` and forgets its outputs; says what was done. An engine of somebody else stays. */
export async function down(): Promise<{ stopped: boolean; message: string }> {
  const known = await readEngineRecord();
  const message = await stopEngine();
  const foreign = known !== undefined && known.pid === undefined;
  if (!foreign) await rm(outputsFile, { force: true });
  return { stopped: known?.pid !== undefined, message };
}

/** The address asked for, else that of the engine in use, so that all commands mean the same one. */
async function endpointToUse(known: EngineRecord | undefined): Promise<string> {
  if (process.env.AWS_ENDPOINT_URL) return localTarget(process.env.AWS_ENDPOINT_URL).where;
  if (known !== undefined && (await probeEndpoint(known.endpoint)).kind === 'aws') return known.endpoint;
  return process.env.AWS_ENDPOINT_URL === '' ? 'http://127.0.0.1:4566' : defaultEndpoint();
}
