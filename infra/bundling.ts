import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { ownSourceMap } from './source-map.ts';

const ROOT = join(import.meta.dirname, '..');
const FUNCTION_CREDENTIALS = join(ROOT, 'lambdas', 'runtime', 'function-credentials.ts');

/** The esbuild options of every function, without its entry and output. */
export const bundlingOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // The modules' ES versions can be tree-shaken: a third less code, and a faster cold start.
  mainFields: ['module', 'main'],
  alias: { '@aws-sdk/credential-provider-node': FUNCTION_CREDENTIALS },
  // `import('node:http')` in the SDK would load all that it exports by name, WebSocket and fetch included; `require` does not.
  supported: { 'dynamic-import': false },
  minify: true,
  keepNames: true,
  legalComments: 'none',
  // Node finds the map beside the bundle and, where it prints a stack, names the line of the source.
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** The environment variables by which Node uses the source map of a bundle. */
export const sourceMapEnvironment = { NODE_OPTIONS: '--enable-source-maps' } as const;

/** Returns the file that a function is bundled from. */
export const sourceOf = (name: string, entry = 'handler'): string => join(ROOT, 'lambdas', name, `${entry}.ts`);

/** Reduces the source map of a bundle in `folder` to this repository's own sources. */
export const reducedSourceMap = (map: string, folder: string): string =>
  JSON.stringify(ownSourceMap(JSON.parse(map), folder, ROOT));

/** Does so with the file beside a bundle. */
export function reduceSourceMap(bundle: string): void {
  const file = `${bundle}.map`;
  writeFileSync(file, reducedSourceMap(readFileSync(file, 'utf8'), dirname(file)));
}
