import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { routing } from '../../../infra/routing.ts';
import { temporaryFolder } from '../../../test/harness/engine.ts';
import { type Bundle, bundleFunction } from '../../bundles.ts';

/** Every function that is deployed with the default settings. */
export const functionNames: readonly string[] = [...Object.keys(routing), 'sweep', 'archive'];

/** The functions that are deployed where the settings ask for them; their cold start is not measured. */
export const optionalFunctionNames: readonly string[] = ['webhooks', 'intake'];

/** Bundles our functions; throws if the stack would deploy other bytes. */
export async function ourBundles(names = functionNames): Promise<ReadonlyMap<string, Bundle>> {
  const outdir = temporaryFolder('bundles');
  const codeOf = bundleFunctions(names);
  const bundles = new Map<string, Bundle>();
  for (const name of names) {
    const bundle = await bundleFunction('ours', name, outdir);
    const deployed: object = codeOf(name);
    const file = join('path' in deployed ? String(deployed.path) : '', 'index.js');
    if (!(await readFile(file)).equals(await readFile(bundle.file))) {
      throw new Error('infra/bundle.ts bundles with other options than bench/bundles.ts: make them the same again.');
    }
    bundles.set(name, bundle);
  }
  return bundles;
}
