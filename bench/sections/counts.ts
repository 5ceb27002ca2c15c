import { temporaryFolder } from '../../test/harness/engine.ts';
import { type Contestant, type Figure, type Section, takeTurns } from '../figure.ts';
import { type FunctionPool, startFunctionPool } from '../function-pool.ts';
import { startLocalAws } from '../local-aws/local-aws.ts';
import { countPerOrder } from './counts/count.ts';
import { cpuFigures } from './counts/cpu.ts';
import { figuresOf, type NamedScenario } from './counts/figures.ts';
import { functionContestants } from './counts/money.ts';

/** Batches of ten are counted twice, to show that two runs agree. */
const scenarios: readonly NamedScenario[] = [
  { id: 'batch-1', what: 'batches of 1', batch: 1, orders: 5, perSku: 1, times: 1 },
  { id: 'batch-10', what: 'batches of 10', batch: 10, orders: 20, perSku: 1, times: 2 },
  { id: 'batch-10.one-sku', what: 'batches of 10 that share a SKU', batch: 10, orders: 20, perSku: 10, times: 1 },
  { id: 'batch-100', what: 'batches of 100', batch: 100, orders: 100, perSku: 1, times: 1 },
];

/** Counts calls, units, bytes of log and money per order at the AWS endpoints, and measures the CPU an order takes. */
export const section: Section = {
  name: 'counts',
  title: 'Calls, units, money and CPU per order',
  async run({ runs, progress }) {
    const aws = await startLocalAws(temporaryFolder('counts'), progress);
    const pools = new Map<Contestant, FunctionPool>();
    try {
      for (const { name } of functionContestants) pools.set(name, await startFunctionPool(aws, name, name));
      const figures: Figure[] = [];
      for (const scenario of scenarios) {
        const costs = await takeTurns([...pools.keys()], Math.min(scenario.times, runs), async (name) => {
          progress(`counting ${name} in ${scenario.what}`);
          const pool = pools.get(name);
          if (pool === undefined) throw new Error(`There is no contestant ${name}`);
          return countPerOrder(aws, pool, scenario);
        });
        figures.push(...figuresOf(scenario, costs));
      }
      return [...figures, ...(await cpuFigures(aws, pools, runs, progress))];
    } finally {
      for (const pool of pools.values()) await pool.stop();
      await aws.stop();
    }
  },
};
