import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { functionOptions } from '../../bundling.ts';
import { bundleContestant } from '../../contestants.ts';
import type { Contestant } from '../../figure.ts';
import { type Consumer, consumers } from './shop.ts';

const peers = join(import.meta.dirname, '..', '..', 'peers');

// The same business on another broker: who publishes there publishes here.
const overRabbit: Plugin = {
  name: 'over-rabbit',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(publish|feed)\.ts$/ }, ({ path, importer }) =>
      importer.startsWith(join(peers, 'common')) ? { path: join(peers, 'rabbitmq', path) } : undefined,
    );
  },
};

const entryOf: Record<string, (consumer: Consumer) => string> = {
  worker: (consumer) => join(peers, 'worker', `${consumer}.ts`),
  rabbitmq: (consumer) => join(peers, 'rabbitmq', `${consumer}.ts`),
  'rabbitmq-bare': () => join(peers, 'rabbitmq', 'bare.ts'),
  transport: () => join(import.meta.dirname, 'bare-function.ts'),
};

/** Takes a contestant and an empty folder, bundles its consumers into it and gives the file of each. */
export async function bundlesOf(contestant: Contestant, outdir: string): Promise<ReadonlyMap<Consumer, string>> {
  const entry = entryOf[contestant];
  if (entry === undefined) return bundleContestant(contestant, outdir) as Promise<ReadonlyMap<Consumer, string>>;
  await build({
    entryPoints: consumers.map((consumer) => ({ in: entry(consumer), out: join(consumer, 'index') })),
    outdir,
    ...functionOptions,
    plugins: contestant.startsWith('rabbitmq') ? [overRabbit] : [],
  });
  return new Map(consumers.map((consumer) => [consumer, join(outdir, consumer, 'index.js')]));
}
