import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { bundlingOptions } from './bundling.ts';

/**
 * Takes consumers' names and gives a function from a name to its function's code, bundled in one go from `lambdas/<name>/handler.ts`, or
 * from the file that `handlers` names for it.
 * The SDK is bundled too: it loads faster than the one in the Lambda runtime, and its version is the tested one.
 */
export function bundleFunctions(
  names: readonly string[],
  handlers: Readonly<Record<string, string>> = {},
): (name: string) => Code {
  const outdir = mkdtempSync(join(tmpdir(), 'shop-messaging-bundles-'));
  // CDK copies an asset when it is created, but reads it once more when the app is synthesised.
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  buildSync({
    entryPoints: names.map((name) => ({
      in: join(import.meta.dirname, '..', 'lambdas', name, `${handlers[name] ?? 'handler'}.ts`),
      out: join(name, 'index'),
    })),
    outdir,
    ...bundlingOptions,
  });
  return (name) => Code.fromAsset(join(outdir, name));
}
