import type { Contestant, Figure, Section, Target } from '../figure.ts';
import { HOW_TO_INSTALL } from '../peers/rabbitmq/server.ts';
import { type Arena, checkAll, floors, openArena } from './rate/arena.ts';
import { type Latency, latency } from './rate/latency.ts';
import { onLocalStack } from './rate/localstack.ts';
import { recovery } from './rate/recovery.ts';
import { type Piece, throughput } from './rate/throughput.ts';

/** How long the pieces are: numbers of orders, orders a second, seconds. */
type Sizes = {
  warmUp: number;
  orders: number;
  localStackOrders: number;
  latencyRate: number;
  latencyOrders: number;
  outageRate: number;
  outageSeconds: number;
};

/** Who is measured, each beside the floor of what carries its messages. */
const floorOf: Readonly<Record<Contestant, Contestant>> = {
  ours: 'transport',
  powertools: 'transport',
  worker: 'transport',
  rabbitmq: 'rabbitmq-bare',
};
const everybody = [...Object.keys(floorOf), 'transport', 'rabbitmq-bare'];

const JOB =
  'The whole job: payment captured and stock reserved, order confirmed, stock sold and customer texted; one line per order, fifty SKUs. ' +
  'Shipping is left out for everybody. Two processes per consumer, each with a batch of ten or ten messages side by side.';

/** Takes how long its pieces shall be and gives the section. */
export const rateSection = (sizes: Sizes): Section => ({
  name: 'rate',
  title: 'Orders per second, added latency, recovery',
  async run({ runs, progress }) {
    const arena = await openArena(everybody, progress);
    const { warmUp, orders, latencyRate, latencyOrders, outageRate, outageSeconds } = sizes;
    try {
      const names = [...arena.systems.keys()];
      const duel = names.filter((name) => ['ours', 'rabbitmq'].includes(name));
      // The store's JIT needs both rounds, or whoever comes first pays for it.
      await inTurns(names, 2, (name, run) => {
        progress(`warming up ${name}, ${run} of 2`);
        return throughput(arena, name, warmUp);
      });
      const pieces = await inTurns(names, runs, (name, run) => {
        progress(`orders per second: ${name}, run ${run}`);
        return throughput(arena, name, orders);
      });
      const waits = await inTurns([...duel, ...floors.filter((name) => names.includes(name))], runs, (name, run) => {
        progress(`latency at ${latencyRate} orders a second: ${name}, run ${run}`);
        return latency(arena, name, latencyRate, latencyOrders);
      });
      const drains = await inTurns(duel, 1, (name) => {
        progress(`${outageSeconds} s without a payment gateway: ${name}`);
        return recovery(arena, name, outageRate, outageSeconds);
      });
      await checkAll(arena);
      const without = arena.rabbit === undefined ? ` ${HOW_TO_INSTALL}` : '';
      return [
        ...rateFigures(pieces, `${JOB} Store: ${arena.store.name}.${without}`),
        ...(await localStackFigures(arena, runs, sizes.localStackOrders, progress)),
        ...latencyFigures(waits, latencyRate),
        drainFigure(drains, `${outageSeconds} s without a payment gateway at ${outageRate} orders/s`),
      ];
    } finally {
      await arena.stop();
    }
  },
});

export const section = rateSection({
  warmUp: 150,
  orders: 150,
  localStackOrders: 60,
  latencyRate: 50,
  latencyOrders: 150,
  outageRate: 50,
  outageSeconds: 60,
});

/** Takes contestants and a measurement and carries it out so often with each, in turns. */
async function inTurns<Value>(
  names: readonly Contestant[],
  runs: number,
  measure: (name: Contestant, run: number) => Promise<Value>,
): Promise<Map<Contestant, Value[]>> {
  const values = new Map(names.map((name): [Contestant, Value[]] => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const name of names) values.get(name)?.push(await measure(name, run));
  }
  return values;
}

const valuesOf = <Value>(measured: ReadonlyMap<Contestant, readonly Value[]>, pick: (value: Value) => number) =>
  Object.fromEntries([...measured].map(([name, values]) => [name, values.map(pick)]));

function rateFigures(pieces: ReadonlyMap<Contestant, readonly Piece[]>, note: string): Figure[] {
  const share = (part: 'consumers' | 'store' | 'broker', what: string, targets: readonly Target[] = []): Figure => ({
    id: `rate.cpu.${part}`,
    what,
    unit: 'ms/order',
    kind: 'measure',
    better: 'lower',
    values: valuesOf(pieces, (piece) => piece[part]),
    targets,
  });
  return [
    {
      id: 'rate.memory',
      what: 'Orders per second, whole job, in-memory queues',
      unit: 'orders/s',
      kind: 'measure',
      better: 'higher',
      values: valuesOf(pieces, ({ ordersPerSecond }) => ordersPerSecond),
      targets: [
        { against: 'powertools', atLeast: 5 },
        { against: 'rabbitmq', atLeast: 1.5 },
      ],
      note: `${note} transport and rabbitmq-bare carry the same messages with no business and no store.`,
    },
    share('consumers', "Processor time of the consumers' processes, polling included"),
    share('store', 'Processor time of the store meanwhile'),
    share('broker', 'Processor time of the queues, or of RabbitMQ, meanwhile'),
  ].filter(({ values }) => Object.values(values).flat().every(Number.isFinite)) as Figure[];
}

async function localStackFigures(
  arena: Arena,
  runs: number,
  orders: number,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const stage = await onLocalStack(arena, ['ours', 'transport'], progress).catch((error: unknown) => {
    progress(`LocalStack is left out: ${error instanceof Error ? error.message : error}`);
    return undefined;
  });
  if (stage === undefined) return [];
  try {
    const names = [...stage.systems.keys()];
    for (const name of names) await throughput(stage, name, orders);
    const pieces = await inTurns(names, runs, (name, run) => {
      progress(`orders per second on LocalStack: ${name}, run ${run}`);
      return throughput(stage, name, orders);
    });
    await checkAll(stage);
    const values = valuesOf(pieces, ({ ordersPerSecond }) => ordersPerSecond);
    return [
      {
        id: 'rate.localstack',
        what: 'Orders per second, whole job, on LocalStack',
        unit: 'orders/s',
        kind: 'measure',
        better: 'higher',
        values: Object.fromEntries(Object.entries(values).map(([name, own]) => [name.replace('-localstack', ''), own])),
        targets: [{ against: 'transport', atLeast: 0.95 }],
        note: 'LocalStack carries the messages and caps the rate: transport is LocalStack alone, with the same messages and no business.',
      },
    ];
  } finally {
    await stage.stop();
  }
}

function latencyFigures(waits: ReadonlyMap<Contestant, readonly Latency[]>, rate: number): Figure[] {
  const figure = (part: keyof Latency): Figure[] => {
    const added = [...waits].flatMap(([name, own]): [Contestant, number[]][] => {
      const floor = waits.get(floorOf[name] ?? '');
      if (floor === undefined) return [];
      return [[name, own.map((wait, run) => wait[part] - (floor[run]?.[part] ?? Number.NaN))]];
    });
    const common = { unit: 'ms', kind: 'measure', better: 'lower' } as const;
    return [
      {
        ...common,
        id: `latency.added.${part}`,
        what: `Latency added to the bare transport at ${rate} orders/s, ${part}`,
        values: Object.fromEntries(added),
        targets: [{ against: 'rabbitmq', atMost: 1 }],
        note: 'From the publication of an order to its text, less that of the same hops with no business: each beside its own floor.',
      },
      {
        ...common,
        id: `latency.whole.${part}`,
        what: `Latency from placed to texted at ${rate} orders/s, ${part}`,
        values: valuesOf(waits, (wait) => wait[part]),
      },
    ];
  };
  return [...figure('p50'), ...figure('p99')];
}

const drainFigure = (drains: ReadonlyMap<Contestant, readonly number[]>, outage: string): Figure => ({
  id: 'recovery.drain',
  what: `Time to drain after ${outage}`,
  unit: 's',
  kind: 'measure',
  better: 'lower',
  values: valuesOf(drains, (seconds) => seconds),
  targets: [{ against: 'rabbitmq', atMost: 1 }],
  note:
    'Measured once, at half the rate that was wished for: two cores carry no more beside a store. Nothing was dead-lettered, and every order ' +
    'was charged once, texted once, and its goods sold once. RabbitMQ tries again every 5 s.',
});
