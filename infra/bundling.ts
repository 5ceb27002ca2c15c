import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

const FUNCTION_CREDENTIALS = join(import.meta.dirname, '..', 'lambdas', 'runtime', 'function-credentials.ts');

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
  logLevel: 'warning',
} as const satisfies BuildOptions;
