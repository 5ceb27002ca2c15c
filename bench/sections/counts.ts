import { FaultProxy } from '../../test/faults/proxy.ts';
import { functionContestants } from '../contestants.ts';
import { Crew } from '../crew.ts';
import type { Contestant, Figure, Section } from '../figure.ts';
import { openShop, type Shop } from '../shop.ts';
import { recordChoice, stockChoice } from './counts/choice.ts';
import { type Counted, counted } from './counts/counted.ts';
import { cpuPerOrder } from './counts/cpu.ts';
import { type Counts, figuresOf, type Named } from './counts/figures.ts';

/** What is counted: batches of ten twice, to show that two runs agree. */
const scenarios: readonly (Named & { among?: readonly Contestant[] })[] = [
  { id: 'batch-1', what: 'batches of 1', batch: 1, orders: 5, perSku: 1, times: 1 },
  { id: 'batch-10', what: 'batches of 10', batch: 10, orders: 20, perSku: 1, times: 2 },
  { id: 'batch-10.one-sku', what: 'batches of 10 that share a SKU', batch: 10, orders: 20, perSku: 10, times: 1 },
  // Who works on one record at a time makes the same calls as in smaller batches: one of them is enough.
  {
    id: 'batch-100',
    what: 'batches of 100',
    batch: 100,
    orders: 100,
    perSku: 1,
    times: 1,
    among: ['ours', 'powertools'],
  },
];

/** Calls, units, bytes of log and money per order, counted at the endpoint of the deployed stack, and the CPU an order takes. */
export const section: Section = {
  name: 'counts',
  title: 'Calls, units, money and CPU per order',
  async run({ runs, progress }) {
    const shop = await openShop(progress);
    const proxy = new FaultProxy(shop.connection.endpoint);
    const crews: Crew[] = [];
    try {
      for (const { name } of functionContestants) crews.push(await Crew.start(name, shop, proxy));
      const figures: Figure[] = [];
      let writes = 0;
      for (const scenario of scenarios) {
        const { among } = scenario;
        const counts = await countAll(
          shop,
          crews.filter(({ name }) => among?.includes(name) ?? true),
          proxy,
          { ...scenario, times: Math.min(scenario.times, runs) },
          progress,
        );
        figures.push(...figuresOf(scenario, counts));
        if (scenario.id === 'batch-10') writes = plainWrites(counts.get('ours')?.[0]);
      }
      figures.push(...stockChoice(), ...recordChoice(writes));
      figures.push(...(await cpuPerOrder(shop, crews, runs, progress)));
      return figures;
    } finally {
      for (const crew of crews) crew.end();
      await proxy.close();
      await shop.close();
    }
  },
};

async function countAll(
  shop: Shop,
  crews: readonly Crew[],
  proxy: FaultProxy,
  scenario: Named,
  progress: (line: string) => void,
): Promise<Counts> {
  const counts = new Map<Contestant, Counted[]>();
  for (let time = 1; time <= scenario.times; time += 1) {
    for (const crew of crews) {
      progress(`counting ${crew.name} in ${scenario.what}`);
      const known = counts.get(crew.name) ?? [];
      counts.set(crew.name, [...known, await counted(shop, crew, proxy, scenario)]);
    }
  }
  return counts;
}

const plainWrites = (one: Counted | undefined) =>
  Object.values(one?.measurement.tables ?? {}).reduce((sum, { writes }) => sum + writes, 0);
