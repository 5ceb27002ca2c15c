import type { ConsumerName } from '../../../infra/routing.ts';
import { consumers } from '../../contestants.ts';
import type { Crew } from '../../crew.ts';
import { checkShop, demand, place } from '../../customers.ts';
import type { Figure } from '../../figure.ts';
import type { Shop } from '../../shop.ts';

const BATCH = 10;
/** Who makes a tenth of the calls is given more orders, so that everybody's code is compiled as far, after about as many calls. */
const ORDERS = { ours: 100, others: 20 };
/** So many runs go before the first that is measured. */
const WARM_UPS = 2;

type Used = ReadonlyMap<ConsumerName, number>;

/** Takes started contestants and measures the CPU time of their processes by the order, in turns, and checks each run's outcome. */
export async function cpuPerOrder(
  shop: Shop,
  crews: readonly Crew[],
  runs: number,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const measured = new Map(crews.map(({ name }) => [name, [] as Used[]]));
  for (let run = 1 - WARM_UPS; run <= runs; run += 1) {
    for (const crew of crews) {
      progress(run > 0 ? `CPU of ${crew.name}, run ${run} of ${runs}` : `warming up ${crew.name}`);
      const used = await usedFor(shop, crew);
      if (run > 0) measured.get(crew.name)?.push(used);
    }
  }
  const figure = (id: string, what: string, of: (used: Used) => number): Figure => ({
    id,
    what,
    unit: 'ms',
    kind: 'measure',
    better: 'lower',
    values: Object.fromEntries([...measured].map(([name, runs]) => [name, runs.map(of)])),
  });
  return [
    {
      ...figure('cpu.per-order', `CPU of the functions for an order, whole job, batches of ${BATCH}`, (used) =>
        [...used.values()].reduce((sum, one) => sum + one, 0),
      ),
      targets: [{ against: 'powertools', atMost: 0.1 }],
      note:
        `User and system time of the functions' processes: ${ORDERS.ours} orders of ours a run, ${ORDERS.others} of the others, twice as many before ` +
        "to warm up. The sandbox gateway's two calls and the text, which nobody can combine, are in it.",
    },
    ...consumers.map((consumer) => figure(`cpu.${consumer}`, `of it ${consumer}`, (used) => used.get(consumer) ?? 0)),
  ];
}

async function usedFor(shop: Shop, crew: Crew): Promise<Used> {
  const orders = crew.name === 'ours' ? ORDERS.ours : ORDERS.others;
  const wanted = demand(orders);
  await place(shop, wanted);
  crew.takeLog();
  const before = crew.cpuMs();
  await crew.work(BATCH);
  const after = crew.cpuMs();
  await checkShop(shop, wanted, crew.takeLog());
  return new Map([...after].map(([consumer, ms]) => [consumer, (ms - (before.get(consumer) ?? 0)) / orders]));
}
