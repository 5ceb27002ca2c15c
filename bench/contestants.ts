import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { constructIdOf } from '../infra/names.ts';
import { type ConsumerName, routing } from '../infra/routing.ts';
import { functionOptions } from './bundling.ts';
import type { Contestant } from './figure.ts';

/** How a contestant's functions are made and run. */
export type FunctionContestant = {
  name: Contestant;
  /** How the messages of one batch are handled, which says whose waits add up. Those of a FIFO queue are never side by side. */
  handles: 'together' | 'side by side' | 'one by one';
  /** What a reader of the table has to know. */
  note?: string;
};

/** Who runs as Lambda functions behind the same queues. */
export const functionContestants: readonly FunctionContestant[] = [
  { name: 'ours', handles: 'together' },
  { name: 'powertools', handles: 'side by side' },
  { name: 'middy', handles: 'side by side' },
  {
    name: 'sample',
    handles: 'one by one',
    note: 'the sample is not idempotent: a message delivered twice takes effect twice',
  },
];

/** The consumers every contestant has a function for. */
export const consumers = Object.keys(routing) as ConsumerName[];

/** Where a peer's handlers are. */
export const peerFolder = (name: Contestant) => join(import.meta.dirname, 'peers', name);

type Resource = { Type: string; Metadata?: Record<string, string> };

/** Takes the folder of a synthesised stack and gives our consumers' bundles, the very files that are deployed. */
export function deployedBundles(assembly: string): Map<ConsumerName, string> {
  const { Resources } = JSON.parse(readFileSync(join(assembly, 'ShopMessaging.template.json'), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  const bundleOf = (name: string) => {
    const id = `${constructIdOf(name)}Function`;
    const found = Object.entries(Resources).find(
      ([logicalId, { Type }]) => Type === 'AWS::Lambda::Function' && logicalId.startsWith(id),
    );
    const folder = found?.[1].Metadata?.['aws:asset:path'];
    if (folder === undefined) throw new Error(`${assembly} has no function of ${name}`);
    return join(assembly, folder, 'index.js');
  };
  return new Map(consumers.map((name) => [name, bundleOf(name)]));
}

/**
 * Takes a contestant and an empty folder and gives the bundle of each consumer's function: ours as the stack bundles it, a peer's into
 * the folder in the same way, without what our own bundles leave out. A peer's packages come from `bench/node_modules`, the SDK from
 * the repository's own.
 */
export async function bundleContestant(name: Contestant, outdir: string): Promise<Map<ConsumerName, string>> {
  if (name === 'ours') return ownBundles();
  await build({
    entryPoints: consumers.map((consumer) => ({
      in: join(peerFolder(name), `${consumer}.ts`),
      out: join(consumer, 'index'),
    })),
    outdir,
    ...functionOptions,
  });
  return new Map(consumers.map((consumer) => [consumer, join(outdir, consumer, 'index.js')]));
}

async function ownBundles(): Promise<Map<ConsumerName, string>> {
  // CDK takes a second to load, and only this needs it.
  const [{ bundleFunctions }, { AssetCode }] = await Promise.all([
    import('../infra/bundle.ts'),
    import('aws-cdk-lib/aws-lambda'),
  ]);
  const codeOf = bundleFunctions(consumers);
  const fileOf = (consumer: ConsumerName) => {
    const code = codeOf(consumer);
    if (!(code instanceof AssetCode)) throw new Error(`The code of ${consumer} is not a folder`);
    return join(code.path, 'index.js');
  };
  return new Map(consumers.map((consumer) => [consumer, fileOf(consumer)]));
}
