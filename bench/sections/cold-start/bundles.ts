import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleFunctions } from '../../../infra/bundle.ts';
import { routing } from '../../../infra/routing.ts';
import { functionOptions, ourOptions } from '../../bundling.ts';
import type { Contestant } from '../../figure.ts';
import { full } from './full.ts';
import { sdkOnly } from './sdk-only.ts';

const BENCH = join(import.meta.dirname, '..', '..');
const ROOT = join(BENCH, '..');

/** A function's bundle: where it is, how large it is, and how many modules are evaluated when it is loaded. */
export type Bundle = { file: string; bytes: number; modules: number };

/** Everything that is deployed as a function. */
export const functionNames: readonly string[] = [...Object.keys(routing), 'sweep', 'archive'];

/** Gives the bundles of our functions by name: the very files that the stack deploys. */
export async function ourBundles(): Promise<Map<string, Bundle>> {
  const code = bundleFunctions(functionNames);
  const bundles = new Map<string, Bundle>();
  for (const name of functionNames) {
    const asset: object = code(name);
    const file = join('path' in asset ? String(asset.path) : '', 'index.js');
    const entryPoints = [join(ROOT, 'lambdas', name, 'handler.ts')];
    const { metafile, outputFiles } = await build({
      ...ourOptions,
      ...MEASURED,
      entryPoints,
      outdir: ROOT,
      write: false,
    });
    if (outputFiles[0] === undefined || !(await readFile(file)).equals(outputFiles[0].contents)) {
      throw new Error('infra/bundle.ts bundles with other options than infra/bundling.ts: make them the same again.');
    }
    bundles.set(name, { ...measured(metafile), file });
  }
  return bundles;
}

/** Takes a contestant, a function's name and an empty folder and gives the contestant's bundle of that function. */
export async function bundleOf(contestant: Contestant, name: string, outdir: string): Promise<Bundle> {
  const made: Record<string, (name: string) => string> = { full, sdk: sdkOnly };
  const contents = made[contestant]?.(name);
  const out = join(contestant, name);
  const entry =
    contents === undefined
      ? { entryPoints: [join(BENCH, 'peers', contestant, `${name}.ts`)] }
      : { stdin: { contents, resolveDir: contestant === 'sdk' ? ROOT : BENCH, sourcefile: `${out}.ts` } };
  const { metafile } = await build({ ...functionOptions, ...MEASURED, ...entry, outdir, entryNames: out });
  return { ...measured(metafile), file: join(outdir, `${out}.js`) };
}

const MEASURED = { metafile: true, absWorkingDir: ROOT } as const;

function measured({ outputs }: Metafile): Pick<Bundle, 'bytes' | 'modules'> {
  const [output] = Object.values(outputs);
  if (output === undefined) throw new Error('esbuild wrote nothing');
  // What was shaken out as a whole is listed too, with nothing in the output.
  const modules = Object.values(output.inputs).filter(({ bytesInOutput }) => bytesInOutput > 0).length;
  return { bytes: output.bytes, modules };
}
