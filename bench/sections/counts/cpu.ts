import { type Contestant, type Figure, measure, takeTurns, valuesOf } from '../../figure.ts';
import type { FunctionPool } from '../../function-pool.ts';
import type { LocalAws } from '../../local-aws/local-aws.ts';
import { consumers } from '../../local-aws/resources.ts';
import { type CpuPerOrder, measureCpu, totalCpu } from '../../pool-runs.ts';

const BATCH = 10;
/** Ours makes a tenth of the calls and gets more orders, so that everybody's code is compiled after about as many calls. */
const ORDERS = { ours: 100, others: 20 };
const WARM_UPS = 2;

/** Measures the CPU time of the functions' processes per order, contestants taking turns. */
export async function cpuFigures(
  aws: LocalAws,
  pools: ReadonlyMap<Contestant, FunctionPool>,
  runs: number,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const run = async (name: string, number: number): Promise<CpuPerOrder> => {
    progress(`CPU of ${name}, run ${number}`);
    const pool = pools.get(name);
    const orders = name === 'ours' ? ORDERS.ours : ORDERS.others;
    return pool === undefined ? new Map() : measureCpu(aws, pool, orders, BATCH);
  };
  await takeTurns([...pools.keys()], WARM_UPS, run);
  const measured = await takeTurns([...pools.keys()], runs, run);
  const figure = (id: string, what: string, of: (cpu: CpuPerOrder) => number) =>
    measure(id, what, 'ms', valuesOf(measured, of));
  return [
    {
      ...figure('cpu.per-order', `CPU of the functions for an order, whole job, batches of ${BATCH}`, totalCpu),
      targets: [{ against: 'powertools', atMost: 0.1 }],
      note:
        `User and system time of the functions' processes: ${ORDERS.ours} orders of ours a run, ${ORDERS.others} of the others, twice as many before ` +
        "to warm up. The sandbox gateway's four calls and the text, which nobody can combine, are in it.",
    },
    ...consumers.map((consumer) => figure(`cpu.${consumer}`, `of it ${consumer}`, (cpu) => cpu.get(consumer) ?? 0)),
  ];
}
