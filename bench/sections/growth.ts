import { temporaryFolder } from '../../test/harness/engine.ts';
import { type Figure, measure, type Section, takeTurns } from '../figure.ts';
import { type FunctionPool, startFunctionPool } from '../function-pool.ts';
import { type LocalAws, startLocalAws } from '../local-aws/local-aws.ts';
import { measureCpu, runWorkload, totalCpu } from '../pool-runs.ts';
import { createWorkload } from '../workload.ts';
import { isExternalEffect } from './counts/count.ts';

/** The orders that are measured together. */
const ORDERS = 100;
const BATCH = 10;
/** Orders before those that are counted come in larger workloads and batches, which is faster. */
const FILL_ORDERS = 900;
const FILL_BATCH = 100;
const SIZES = [100, 1_000, 10_000];
/** On MiniStack, which is the store where there is no Java, ten thousand orders would take an hour. */
const SIZES_ON_MINISTACK = [100, 1_000];
const CALLS_NOTE = 'Counted once, in batches of ten, consumer after consumer. The gateway and the texts are left out.';

/** Calls per order. */
type Calls = { all: number; dynamodb: number };

/** Measures whether calls and CPU per order stay the same while the number of orders on record grows. */
export const section: Section = {
  name: 'growth',
  title: 'Growth: calls and CPU per order with orders on record',
  async run({ runs, progress }) {
    const aws = await startLocalAws(temporaryFolder('growth'), progress);
    const pools = new Map<string, FunctionPool>();
    try {
      const sizes = aws.store.name === 'DynamoDB Local' ? SIZES : SIZES_ON_MINISTACK;
      const calls = new Map<number, Calls>();
      // One shop stays at the first size; another one grows to the last.
      for (const steps of [sizes.slice(0, 1), sizes.slice(1)]) {
        const pool = await startFunctionPool(aws, `growth-${steps.at(-1)}`, 'ours');
        pools.set(String(steps.at(-1)), pool);
        let onRecord = 0;
        for (const size of steps) {
          for (; onRecord < size - ORDERS; onRecord += FILL_ORDERS) {
            progress(`${named(onRecord)} orders on record`);
            const count = Math.min(FILL_ORDERS, size - ORDERS - onRecord);
            await runWorkload(aws, pool, createWorkload(count), FILL_BATCH);
          }
          calls.set(size, await countCalls(aws, pool));
          onRecord = size;
        }
      }
      const cpu = await cpuBySize(aws, pools, runs, progress);
      return [
        ...callFigures('all', 'AWS calls', calls),
        ...callFigures('dynamodb', 'DynamoDB calls', calls),
        ...cpuFigures(cpu, aws.store.name),
      ];
    } finally {
      for (const pool of pools.values()) await pool.stop();
      await aws.stop();
    }
  },
};

async function countCalls(aws: LocalAws, pool: FunctionPool): Promise<Calls> {
  const calls: Calls = { all: 0, dynamodb: 0 };
  pool.observe((call) => {
    if (call.caller === 'event-source' || isExternalEffect(call, pool.shop)) return;
    calls.all += 1;
    if (call.service === 'dynamodb') calls.dynamodb += 1;
  });
  await runWorkload(aws, pool, createWorkload(ORDERS), BATCH);
  pool.observe(() => {});
  return { all: calls.all / ORDERS, dynamodb: calls.dynamodb / ORDERS };
}

/** Measures the CPU time of further orders by size, in new processes, so that no process has compiled more code. */
async function cpuBySize(
  aws: LocalAws,
  pools: ReadonlyMap<string, FunctionPool>,
  runs: number,
  progress: (line: string) => void,
): Promise<ReadonlyMap<number, readonly number[]>> {
  for (const pool of pools.values()) await pool.recycle();
  const run = async (size: string, number: number) => {
    progress(`CPU per order with ${named(Number(size))} on record, run ${number}`);
    const pool = pools.get(size);
    return pool === undefined ? Number.NaN : totalCpu(await measureCpu(aws, pool, ORDERS, BATCH));
  };
  await takeTurns([...pools.keys()], 1, run);
  const cpu = await takeTurns([...pools.keys()], runs, run);
  return new Map([...cpu].map(([size, values]) => [Number(size), values]));
}

const named = (size: number) => size.toLocaleString('en');

function callFigures(kind: keyof Calls, what: string, calls: ReadonlyMap<number, Calls>): Figure[] {
  const rows = [...calls].map(([size, own]) => ({
    ...measure(`growth.calls.${kind}.at-${size}`, `${what}, the last hundred of ${named(size)}`, 'per order', {
      ours: [own[kind]],
    }),
    kind: 'count' as const,
    ...(kind === 'all' && size === ORDERS ? { note: CALLS_NOTE } : {}),
  }));
  return [...rows, ratioRow(`growth.calls.${kind}`, what, calls.keys(), rows, 1.02)];
}

function cpuFigures(cpu: ReadonlyMap<number, readonly number[]>, store: string): Figure[] {
  const what = 'Processor time per order';
  const note = `User and system time of the functions for ${ORDERS} further orders; the shops take turns. The store is ${store}.`;
  const rows = [...cpu].map(([size, values]) => ({
    ...measure(`growth.cpu.at-${size}`, `${what}, ${named(size)} on record`, 'ms', { ours: values }),
    ...(size === ORDERS ? { note } : {}),
  }));
  return [...rows, ratioRow('growth.cpu', what, cpu.keys(), rows, 1.25)];
}

/** Divides the last row by the first one, run by run. */
function ratioRow(id: string, what: string, sizes: Iterable<number>, rows: readonly Figure[], atMost: number): Figure {
  const [all, first, last] = [[...sizes], rows[0]?.values.ours ?? [], rows.at(-1)?.values.ours ?? []];
  const ratios = last.map((value, run) => value / (first[run] ?? Number.NaN));
  const label = `${what}, ${named(all.at(-1) ?? 0)} / ${named(all[0] ?? 0)}`;
  const kind = rows[0]?.kind ?? 'measure';
  return { ...measure(`${id}.ratio`, label, 'times', { ours: ratios }), kind, targets: [{ atMost }] };
}
