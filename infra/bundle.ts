import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { bundlingOptions, reduceSourceMap, sourceOf } from './bundling.ts';

const folders: string[] = [];
// CDK copies an asset when it is created, but reads it once more when the app is synthesised.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
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
  const outdir = mkdtempSync(join(tmpdir(), 'shop-messaging-bundles-'));
  folders.push(outdir);
  buildSync({
    entryPoints: names.map((name) => ({
      in: sourceOf(name, entries[name]),
      out: join(name, 'index'),
    })),
    outdir,
    ...bundlingOptions,
  });
  for (const name of names) reduceSourceMap(join(outdir, name, 'index.js'));
  return (name) => Code.fromAsset(join(outdir, name));
}
