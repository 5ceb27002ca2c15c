import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { localFolder } from '../../localstack/engines.ts';
import { withoutPersonalSettings } from '../../localstack/environment.ts';
import { findFunctions } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';
import { updateFunctionCode } from './function-code.ts';
import { bundleFunction } from './watch-bundle.ts';

const root = join(import.meta.dirname, '..', '..');
const recordFile = join(localFolder, 'updated-functions.json');
const record = v.record(v.string(), v.array(v.string()));

/**
 * Notes the functions whose code was replaced behind CloudFormation's back, before that is done: where the sources are what they were when the
 * stack was deployed, a deployment would see nothing to do and leave the replaced code.
 */
export async function noteUpdated(
  { stackArn = '' }: Pick<DeployedShop, 'stackArn'>,
  names: readonly string[],
): Promise<void> {
  const known = await readRecord();
  const updated = [...new Set([...(known[stackArn] ?? []), ...names])].sort();
  await writeRecord({ ...known, [stackArn]: updated });
}

/** Gives the functions whose code was replaced that of the sources, and forgets them; returns their names. */
export async function putBackCode(shop: DeployedShop): Promise<string[]> {
  const { [shop.stackArn ?? '']: names = [], ...others } = await readRecord();
  if (names.length === 0) return [];
  const entries = await readEntries();
  const functions = await findFunctions(shop);
  const client = new LambdaClient(shop.config);
  const updated = functions.filter(({ name }) => names.includes(name));
  try {
    for (const { name, functionName } of updated) {
      await updateFunctionCode(client, functionName, await bundleFunction(name, entries[name]));
    }
  } finally {
    client.destroy();
  }
  await writeRecord(others);
  return updated.map(({ name }) => name);
}

const entriesOf = v.record(v.string(), v.string());

/** Reads which file each function is bundled from, as it was saved last. */
export async function readEntries(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'infra', 'entries.ts')], {
    cwd: root,
    env: withoutPersonalSettings(),
  });
  return v.parse(entriesOf, JSON.parse(stdout));
}

async function readRecord(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { success, output } = v.safeParse(record, tryParse(await readFile(recordFile, 'utf8').catch(() => '')));
  return success ? output : {};
}

async function writeRecord(updated: Readonly<Record<string, readonly string[]>>): Promise<void> {
  await mkdir(localFolder, { recursive: true });
  await writeFile(recordFile, `${JSON.stringify(updated, null, 2)}\n`);
}
