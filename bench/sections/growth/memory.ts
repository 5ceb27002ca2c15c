import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ConsumerName } from '../../../infra/routing.ts';
import { pinnedNode } from '../../../localstack/engines.ts';
import { deployedBundles } from '../../contestants.ts';
import type { Figure } from '../../figure.ts';
import { YesEndpoint } from '../cold-start/endpoint.ts';
import type { Stage } from './stage.ts';

const MARKS = [1_000, 5_000, 10_000];
const FUNCTIONS: readonly ConsumerName[] = ['payment', 'stock'];
const MEGABYTE = 1_048_576;

/** Lets one process of a function handle ten thousand messages, its calls answered at once, and gives the heap it holds on the way. */
export async function memoryFigures(stage: Stage, progress: (line: string) => void): Promise<Figure[]> {
  const bundles = deployedBundles(stage.shop.assembly);
  const yes = await YesEndpoint.start();
  try {
    progress(`memory of ${FUNCTIONS.join(' and ')}`);
    const figures = await Promise.all(
      FUNCTIONS.map(async (name) => {
        const { environment } = stage.shop.functions.get(name) ?? { environment: {} };
        const heap = await heapsOf(bundles.get(name) ?? '', { ...environment, AWS_ENDPOINT_URL: yes.url });
        return figuresOf(name, heap);
      }),
    );
    return figures.flat();
  } finally {
    yes.stop();
  }
}

async function heapsOf(bundle: string, environment: Record<string, string>): Promise<number[]> {
  const child = fork(join(import.meta.dirname, 'memory-host.ts'), [bundle, ...MARKS.map(String)], {
    execPath: pinnedNode(),
    // Compiled code that is no longer used would go after half a minute, and hide what grows.
    execArgv: ['--expose-gc', '--no-flush-bytecode'],
    env: {
      PATH: process.env.PATH,
      TZ: 'UTC',
      ...environment,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_LAMBDA_FUNCTION_NAME: 'function',
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-2_000);
    });
    const failed = once(child, 'exit').then(() => {
      throw new Error(`${bundle} ended before its messages did: ${said}`);
    });
    failed.catch(() => {});
    const [heap] = (await Promise.race([once(child, 'message'), failed])) as [number[]];
    return heap;
  } finally {
    kill();
    process.off('exit', kill);
  }
}

function figuresOf(name: ConsumerName, heap: readonly number[]): Figure[] {
  const at = (index: number) => heap[index] ?? Number.NaN;
  const common = { kind: 'measure', better: 'lower' } as const;
  const last = MARKS.length - 1;
  return [
    ...MARKS.map(
      (mark, index): Figure => ({
        ...common,
        id: `memory.${name}.at-${mark}`,
        what: `Heap of ${name} after ${mark.toLocaleString('en')} messages`,
        unit: 'MB',
        values: { ours: [at(index) / MEGABYTE] },
      }),
    ),
    {
      ...common,
      id: `memory.${name}.ratio`,
      what: `Heap of ${name}, 10,000 / 1,000 messages`,
      unit: 'times',
      values: { ours: [at(last) / at(0)] },
      targets: [{ atMost: 1.1 }],
      note: 'Once. In use after a forced collection, with what runs the function; its calls are answered at once by a server that keeps nothing. A process remembers the records of 1,000 orders.',
    },
  ];
}
