import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerName } from '../../../infra/routing.ts';
import type { Reservation, Shelf } from '../../../lambdas/stock/rules.ts';
import { eventOf } from '../../../test/faults/event-source.ts';
import { keptMessages } from '../../../test/faults/failure-list.ts';
import { Instance } from '../../../test/faults/instance.ts';
import type { Answer, Call } from '../../../test/faults/protocol.ts';
import type { Rule } from '../../../test/faults/rules.ts';
import { bundleContestant, deployedBundles } from '../../contestants.ts';
import { messageOf } from '../../customers.ts';
import type { Contestant, Figure } from '../../figure.ts';
import { allOf, stockShelves } from './books.ts';
import { messageWith } from './flow.ts';
import type { Stage } from './stage.ts';

const BUYERS = 500;
const PIECES = 100;
const BATCH = 10;
const INSTANCES = 4;
const TIMEOUT_MS = 60_000;
const WITHIN_MS = 60_000;
const NOISE = 4_000;
const CONSUMER: ConsumerName = 'stock';

/** Who sells: ours, and who makes one transaction for each order. */
const SELLERS: readonly Contestant[] = ['ours', 'powertools'];

/** A contestant's stock function, several instances of it side by side, with tables of its own. */
type Seller = {
  name: Contestant;
  instances: readonly Instance[];
  shelves: string;
  reservations: string;
  said(): string;
};

/** By the order. `conflicts`: transactions that were refused because another one was at the same goods. */
type Sale = { perSecond: number; transactions: number; conflicts: number; handedBack: number };

type Mode = { id: string; what: string; conflicts: boolean };

/** Lets five hundred buy the same hundred pieces, again and again, with each seller in turn. */
export async function flashSaleFigures(
  stage: Stage,
  runs: number,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const modes: readonly Mode[] = [
    { id: 'store', what: `as ${stage.store.name} answers`, conflicts: false },
    { id: 'conflicts', what: 'transactions on one item refuse each other', conflicts: true },
  ];
  const sellers: Seller[] = [];
  try {
    for (const name of SELLERS) sellers.push(await opened(stage, name));
    const figures: Figure[] = [];
    for (const mode of modes) {
      const sales = new Map(SELLERS.map((name) => [name, [] as Sale[]]));
      for (let run = mode === modes[0] ? 0 : 1; run <= runs; run += 1) {
        for (const seller of sellers) {
          progress(`flash sale, ${mode.what}: ${seller.name}${run === 0 ? ', warming up' : `, run ${run}`}`);
          const sale = await sold(stage, seller, mode, `SKU-${mode.id}-${run}`);
          if (run > 0) sales.get(seller.name)?.push(sale);
        }
      }
      figures.push(...figuresOf(mode, sales));
    }
    return figures;
  } finally {
    for (const { instances } of sellers) for (const instance of instances) instance.kill();
    stage.storeProxy.observe = () => {};
    stage.storeProxy.inject(1);
  }
}

async function opened(stage: Stage, name: Contestant): Promise<Seller> {
  const { shop } = stage;
  const bundles =
    name === 'ours' ? deployedBundles(shop.assembly) : await bundleContestant(name, join(shop.folder, 'sellers', name));
  const tables = await stage.tables(`-${name}`);
  let said = '';
  const log = (text: string) => {
    said = (said + text).slice(-NOISE);
  };
  const instances = await Promise.all(
    Array.from({ length: INSTANCES }, async (_, index) => {
      const environment = await stage.environment(CONSUMER, `${name}/${CONSUMER}-${index}`, tables);
      const instance = new Instance({ bundle: bundles.get(CONSUMER) ?? '', environment, timeoutMs: TIMEOUT_MS, log });
      instance.haste = 1;
      await instance.start();
      return instance;
    }),
  );
  const named = (table: string) => tables.get(shop.tables.get(table) ?? '') ?? '';
  return { name, instances, shelves: named('stock'), reservations: named('reservations'), said: () => said };
}

/** Hands batches of ten to whichever instance is free until everybody has an answer; what comes back is handed out again at once. */
async function sold(stage: Stage, seller: Seller, { conflicts }: Mode, sku: string): Promise<Sale> {
  await stockShelves(stage.dynamodb, seller.shelves, new Map([[sku, PIECES]]));
  const held = new Held();
  stage.storeProxy.inject(1, ...(conflicts ? [held.rule] : []));
  const counts = { transactions: 0, refused: 0, handedBack: 0 };
  stage.storeProxy.observe = (call, answer) => {
    held.release(call);
    if (call.operation !== 'TransactWriteItems') return;
    counts.transactions += 1;
    if (isConflict(answer)) counts.refused += 1;
  };
  const waiting = Array.from({ length: BUYERS }, (_, index) => ({ body: placedFor(sku, index), attempt: 1 }));
  const latest = performance.now() + WITHIN_MS;
  let open = BUYERS;
  const serve = async (instance: Instance) => {
    while (open > 0) {
      const batch = waiting.splice(0, BATCH);
      if (batch.length === 0) {
        await pause(1);
        continue;
      }
      if (performance.now() > latest) throw new Error(`${seller.name} was not done in ${WITHIN_MS / 1_000} s`);
      const messages = batch.map(({ body, attempt }) => messageWith(body, attempt));
      const invoked = await instance.invoke(eventOf(messages), 0);
      if (!('result' in invoked)) throw new Error(`${seller.name}: ${JSON.stringify(invoked)}\n${seller.said()}`);
      const ids = messages.map(({ MessageId = '' }) => MessageId);
      const kept = keptMessages(invoked.result, ids);
      const again = batch.filter((_, index) => kept.has(ids[index] ?? ''));
      waiting.push(...again.map(({ body, attempt }) => ({ body, attempt: attempt + 1 })));
      counts.handedBack += again.length;
      open -= batch.length - again.length;
    }
  };
  const began = performance.now();
  await Promise.all(seller.instances.map(serve));
  const seconds = (performance.now() - began) / 1_000;
  stage.storeProxy.inject(1);
  await checkSale(stage, seller, sku);
  return {
    perSecond: BUYERS / seconds,
    // Those that the proxy refused never reached the store, and were calls all the same.
    transactions: (counts.transactions + held.refused) / BUYERS,
    conflicts: (counts.refused + held.refused) / BUYERS,
    handedBack: counts.handedBack / BUYERS,
  };
}

const placedFor = (sku: string, index: number) =>
  JSON.stringify(
    messageOf({
      orderId: `${sku}-${String(index).padStart(4, '0')}`,
      sku,
      quantity: 1,
      token: 'tok_visa',
      phone: `+8210${String(index).padStart(8, '0')}`,
      locale: 'ko',
      unitPrice: 12_000,
    }),
  );

const isConflict = ({ status, body }: Answer) => status === 400 && body.includes('TransactionConflict');

/** What DynamoDB does and the emulators do not: while a transaction is at an item, another one that comes for it is refused. */
class Held {
  refused = 0;
  readonly rule: Rule = {
    fault: { kind: 'conflict' },
    operation: 'TransactWriteItems',
    where: (call) => {
      const wanted = keysOf(call);
      if (wanted.some((key) => this.keys.has(key))) {
        this.refused += 1;
        return true;
      }
      for (const key of wanted) this.keys.add(key);
      return false;
    },
  };
  private readonly keys = new Set<string>();

  release(call: Call): void {
    if (call.operation === 'TransactWriteItems') for (const key of keysOf(call)) this.keys.delete(key);
  }
}

const keysOf = ({ body }: Call): string[] =>
  (body.TransactItems as { Update?: { TableName: string; Key: object } }[]).flatMap(({ Update }) =>
    Update === undefined ? [] : [`${Update.TableName} ${JSON.stringify(Update.Key)}`],
  );

async function checkSale({ dynamodb }: Stage, { name, shelves, reservations }: Seller, sku: string): Promise<void> {
  const shelf = (await allOf<Shelf>(dynamodb, shelves)).find((one) => one.sku === sku);
  const all = await allOf<Reservation>(dynamodb, reservations);
  const own = all.filter(({ orderId }) => orderId.startsWith(`${sku}-`));
  const of = (state: Reservation['state']) => own.filter((one) => one.state === state).length;
  const right =
    shelf?.available === 0 &&
    shelf.reserved === PIECES &&
    of('reserved') === PIECES &&
    of('rejected') === BUYERS - PIECES &&
    own.length === BUYERS;
  if (!right) {
    const found = `${of('reserved')} reserved, ${of('rejected')} rejected of ${own.length}`;
    throw new Error(`${name} sold ${PIECES} pieces to ${BUYERS}: ${found}, on the shelf ${JSON.stringify(shelf)}`);
  }
}

function figuresOf({ id, what, conflicts }: Mode, sales: ReadonlyMap<Contestant, readonly Sale[]>): Figure[] {
  const values = (pick: (sale: Sale) => number) =>
    Object.fromEntries([...sales].map(([name, own]) => [name, own.map(pick)]));
  const figure = (part: string, about: string, unit: string, pick: (sale: Sale) => number): Figure => ({
    id: `flash.${part}.${id}`,
    what: `Flash sale, ${what}: ${about}`,
    unit,
    kind: 'measure',
    better: part === 'rate' ? 'higher' : 'lower',
    values: values(pick),
  });
  const rate = figure('rate', 'orders per second', 'orders/s', ({ perSecond }) => perSecond);
  const job = `${BUYERS} buyers, ${PIECES} pieces of one SKU, ${INSTANCES} instances of stock, batches of ${BATCH}; exactly ${PIECES} got theirs, every time.`;
  const kindness =
    'No emulator refuses transactions for each other as DynamoDB does, so the proxy does: one that comes for an item while another is at it. ' +
    'What a function hands back it gets again at once, which is kind to those who hand back: on AWS it waits out the visibility timeout.';
  return [
    { ...rate, note: conflicts ? kindness : `${job} Powertools makes one transaction for each order.` },
    figure('transactions', 'transactions', 'per order', ({ transactions }) => transactions),
    ...(conflicts
      ? [
          figure('refused', 'conflicts', 'per order', (sale) => sale.conflicts),
          figure('handed-back', 'messages handed back', 'per order', ({ handedBack }) => handedBack),
        ]
      : []),
  ];
}
