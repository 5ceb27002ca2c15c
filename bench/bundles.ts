import { join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { bundlingOptions, reduceSourceMap } from '../infra/bundling.ts';
import type { Contestant } from './figure.ts';

const ROOT = join(import.meta.dirname, '..');
const PEERS = join(import.meta.dirname, 'peers');

/** A function's bundle: its file, its size in bytes, and the number of modules that are evaluated when it is loaded. */
export type Bundle = { file: string; bytes: number; modules: number };

const { alias: _, supported: __, sourcemap: ___, ...common } = bundlingOptions;

/** How a peer is bundled: like our functions, without what our bundles leave out of the SDK. */
export const peerOptions: BuildOptions = common;

/** Bundles a contestant's function below a folder. Packages of peers come from `bench/node_modules`, the SDK from the repository. */
export async function bundleFunction(contestant: Contestant, name: string, outdir: string): Promise<Bundle> {
  const file = join(outdir, contestant, name, 'index.js');
  const output = { outfile: file, metafile: true, absWorkingDir: ROOT } as const;
  if (contestant === 'ours') {
    const entryPoints = [join(ROOT, 'lambdas', name, 'handler.ts')];
    const bundle = measure(file, await build({ ...bundlingOptions, ...output, entryPoints }));
    reduceSourceMap(file);
    return bundle;
  }
  const peer = contestant === 'full' ? 'powertools' : contestant;
  const contents = contestant === 'full' ? fullSource(name) : entrySource(contestant, name);
  const stdin = {
    contents,
    resolveDir: join(PEERS, peer),
    sourcefile: `${contestant}-${name}.ts`,
    loader: 'ts',
  } as const;
  const plugins = contestant === 'rabbitmq' ? [publishOnRabbit] : [];
  return measure(file, await build({ ...peerOptions, ...output, stdin, plugins }));
}

/** Bundles several of a contestant's functions; returns their files by name. */
export async function bundleFunctions<Name extends string>(
  contestant: Contestant,
  names: readonly Name[],
  outdir: string,
): Promise<ReadonlyMap<Name, string>> {
  const bundles = await Promise.all(names.map((name) => bundleFunction(contestant, name, outdir)));
  return new Map(names.map((name, index) => [name, bundles[index]?.file ?? '']));
}

/** Generates a peer's handler: the peer's way to consume, the consumer's rules, and its schema where the peer validates. */
function entrySource(peer: Contestant, name: string, declaration = 'export const handler'): string {
  const rules = name === 'outcomes' ? 'order' : name;
  const isSample = peer === 'sample';
  // Powertools remembers the ids of events in a table of its own; the sample is not idempotent.
  const write = isSample || peer === 'powertools' ? 'unconditional' : 'conditional';
  return `
import { handle } from '../common/${rules}.ts';
${isSample ? '' : `import { ${rules}Input as schema } from '../common/schemas.ts';`}
import { consumer } from './consumer.ts';
${declaration} = consumer({
  name: '${name}',
  ${isSample ? '' : 'schema,'}
  handle: (event) => handle(event, '${write}'),
  fifo: ${name === 'shipping'},
});
`;
}

/** Generates the Powertools peer's handler behind middy with Powertools' middlewares, as the documentation of both shows it. */
const fullSource = (name: string) => `
import middy from '@middy/core';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import { SqsSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
${entrySource('powertools', name, 'const records')}
export const handler = middy()
  .use(injectLambdaContext(new Logger({ serviceName: '${name}' })))
  .use(logMetrics(new Metrics({ namespace: 'Shop', serviceName: '${name}' })))
  .use(parser({ schema: SqsSchema }))
  .handler(records);
`;

/** Replaces the peers' publishers on SNS and EventBridge with those on RabbitMQ. */
const publishOnRabbit: Plugin = {
  name: 'publish-on-rabbit',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(publish|feed)\.ts$/ }, ({ importer }) =>
      importer.startsWith(join(PEERS, 'common')) ? { path: join(PEERS, 'rabbitmq', 'publish.ts') } : undefined,
    );
  },
};

function measure(file: string, { metafile }: { metafile: Metafile }): Bundle {
  // The source map is an output too.
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  if (output === undefined) throw new Error(`esbuild did not write ${file}`);
  // Modules that were removed as a whole are listed too, with no bytes in the output.
  const modules = Object.values(output.inputs).filter(({ bytesInOutput }) => bytesInOutput > 0).length;
  return { file, bytes: output.bytes, modules };
}
