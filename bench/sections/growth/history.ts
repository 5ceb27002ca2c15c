import { type Demand, demand, messageOf } from '../../customers.ts';
import type { Figure } from '../../figure.ts';
import { groupCpuSeconds } from '../rate/processes.ts';
import { checkBooks, stockShelves } from './books.ts';
import { Flow } from './flow.ts';
import { BACKLOG, type Calls, callFigures, named, PIECE, type Timed, timeFigures } from './history-figures.ts';
import type { Stage } from './stage.ts';

const FILL = 1_000;
/** The last hundred up to each of these are counted; the small shop stays at the first, the large one goes on to the last. */
const SIZES = [100, 1_000, 10_000];
/** Without Java the store is MiniStack, where ten thousand orders would take an hour. */
const SIZES_ON_MINISTACK = [100, 1_000];

/** A shop with so many orders on its books. */
type Grown = {
  size: number;
  flow: Flow;
  demands: Demand[];
  tables: ReadonlyMap<string, string>;
  /** Calls per order of the last hundred up to each size, and of two thousand that all waited at once. */
  last: ReadonlyMap<number, Calls>;
  backlog: Calls | undefined;
};

/** Lets one shop grow to 100 orders and one to 10,000, counts the calls of hundreds on the way, and times further ones in turns. */
export async function historyFigures(stage: Stage, runs: number, progress: (line: string) => void): Promise<Figure[]> {
  const shops: Grown[] = [];
  try {
    const sizes = stage.store.name === 'DynamoDB Local' ? SIZES : SIZES_ON_MINISTACK;
    shops.push(await grown(stage, sizes.slice(0, 1), progress));
    shops.push(await grown(stage, sizes.slice(1), progress));
    // So that no process knows its code better than another.
    for (const { flow } of shops) await flow.renew();
    const timed = new Map(shops.map(({ size }) => [size, [] as Timed[]]));
    for (let run = 0; run <= runs; run += 1) {
      for (const shop of shops) {
        progress(`time per order after ${named(shop.size)}${run === 0 ? ', warming up' : `, run ${run}`}`);
        const piece = await timedPiece(stage, shop);
        if (run > 0) timed.get(shop.size)?.push(piece);
      }
    }
    for (const { demands, flow, tables } of shops) {
      const name = (output: string) => tables.get(stage.shop.output(output)) ?? '';
      const books = {
        orders: name('OrdersTableName'),
        shelves: name('StockTableName'),
        charges: name('SandboxGatewayTableName'),
        texts: flow.texts,
      };
      await checkBooks(stage.dynamodb, books, demands);
    }
    return [
      ...callFigures(new Map(shops.flatMap(({ last }) => [...last])), shops.at(-1)?.backlog),
      ...timeFigures(timed, stage.store.name),
    ];
  } finally {
    for (const { flow } of shops) flow.end();
    stage.storeProxy.observe = () => {};
    stage.busProxy.observe = () => {};
  }
}

async function grown(stage: Stage, sizes: readonly number[], progress: (line: string) => void): Promise<Grown> {
  const size = sizes.at(-1) ?? PIECE;
  const tables = await stage.tables(`-${size}`);
  const flow = await Flow.start(stage, `history-${size}`, tables);
  const last = new Map<number, Calls>();
  const shop: Grown = { size, flow, tables, demands: [], last, backlog: undefined };
  let placed = 0;
  for (const next of sizes) {
    while (placed < next - PIECE) {
      progress(`${named(placed)} orders on the books`);
      const waits = placed >= 1_000 && shop.backlog === undefined && next - PIECE - placed >= BACKLOG;
      const some = waits ? BACKLOG : Math.min(FILL, next - PIECE - placed);
      if (waits) shop.backlog = await counted(stage, shop, some);
      else await handled(stage, shop, some, () => {}, 'rush');
      placed += some;
    }
    last.set(next, await counted(stage, shop, PIECE));
    placed += PIECE;
  }
  return shop;
}

const none = (): Calls => ({ all: 0, dynamodb: 0 });

/** Gives the calls by the order; the gateway's own table and the texts, which nobody can combine, are left out. */
async function counted(stage: Stage, shop: Grown, count: number): Promise<Calls> {
  const calls = none();
  const gateway = shop.tables.get(stage.shop.output('SandboxGatewayTableName'));
  await handled(stage, shop, count, (service, table, isText) => {
    if (isText || table === gateway) return;
    calls.all += 1;
    if (service === 'dynamodb') calls.dynamodb += 1;
  });
  return { all: calls.all / count, dynamodb: calls.dynamodb / count };
}

/** Lets new orders go through every consumer and gives the milliseconds that took. */
async function handled(
  stage: Stage,
  { flow, demands, tables }: Grown,
  count: number,
  saw: (service: string, table: unknown, isText: boolean) => void = () => {},
  how: 'work' | 'rush' = 'work',
): Promise<number> {
  const wanted = demand(count);
  demands.push(wanted);
  await stockShelves(stage.dynamodb, tables.get(stage.shop.output('StockTableName')) ?? '', wanted.goods);
  stage.storeProxy.observe = ({ service, body }) => saw(service, body.TableName, false);
  stage.busProxy.observe = (call) => {
    saw(call.service, undefined, call.query.has('PhoneNumber'));
    flow.saw(call);
  };
  flow.publish([...wanted.orders.values()].map((wish) => JSON.stringify(messageOf(wish))));
  const began = performance.now();
  await flow[how]();
  return performance.now() - began;
}

async function timedPiece(stage: Stage, shop: Grown): Promise<Timed> {
  const used = async () => ({ functions: await shop.flow.cpuMs(), store: await groupCpuSeconds(stage.store.pid) });
  const before = await used();
  const ms = await handled(stage, shop, PIECE);
  const after = await used();
  return {
    ms: ms / PIECE,
    functions: (after.functions - before.functions) / PIECE,
    store: ((after.store - before.store) * 1_000) / PIECE,
  };
}
