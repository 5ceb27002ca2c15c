import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { bundlingOptions, reduceSourceMap, sourceOf } from './bundling.ts';

// By what was bundled, and where temporary files are: a process that makes several stacks, as tests do, bundles once.
const folders = new Map<string, string>();
// CDK copies an asset when it is created, but reads it once more when the app is synthesised.
process.once('exit', () => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true });
});

/**
 * Bundles functions in one build, each from `lambdas/<name>/handler.ts` or the entry that `entries` names; returns a function from a
 * name to its code.
 * The SDK is bundled too: it loads faster than the one in the Lambda runtime, and its version is the tested one.
 */
export function bundleFunctions(
  names: readonly string[],
  entries: Readonly<Record<string, string>> = {},
): (name: string) => Code {
  const key = JSON.stringify([tmpdir(), names, entries]);
  const outdir = folders.get(key) ?? bundle(names, entries);
  folders.set(key, outdir);
  return (name) => Code.fromAsset(join(outdir, name));
}

/** Bundles functions into a new folder, and returns it. */
function bundle(names: readonly string[], entries: Readonly<Record<string, string>>): string {
  const outdir = mkdtempSync(join(tmpdir(), 'shop-messaging-bundles-'));
  buildSync({
    entryPoints: names.map((name) => ({
      in: sourceOf(name, entries[name]),
      out: join(name, 'index'),
    })),
    outdir,
    ...bundlingOptions,
  });
  for (const name of names) reduceSourceMap(join(outdir, name, 'index.js'));
  return outdir;
}
