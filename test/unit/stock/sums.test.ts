import fc from 'fast-check';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { type Line, sumBySku } from '../../../contracts/order.ts';
import type { StockInput } from '../../../lambdas/stock/rules.ts';
import { auditShelves } from '../../../ops/audit/audit-shelves.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, confirmed, dispatched, placed, received, refundRequested } from '../../builders/events.ts';
import { memoryAuditTables } from '../../builders/memory-audit.ts';
import { stockConsumer } from '../../builders/stock-consumer.ts';

const START = { A: 16, B: 8, C: 8 };
const SKUS = ['A', 'B', 'C'] as const;
const ORDERS = ['o-1', 'o-2', 'o-3', 'o-4'];

const carts = fc.record(
  Object.fromEntries(
    ORDERS.map((orderId) => [
      orderId,
      fc.array(
        fc.record({
          sku: fc.constantFrom('A', 'A', 'A', 'B', 'B', 'C', 'C', 'NONE'),
          quantity: fc.integer({ min: 1, max: 4 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    ]),
  ),
);
const refunds = fc.array(
  fc.array(
    fc.record({
      line: fc.nat({ max: 2 }),
      quantity: fc.integer({ min: 1, max: 2 }),
      restock: fc.constantFrom(true, true, false, undefined),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  { minLength: 4, maxLength: 4 },
);
const events = fc.record({
  orderId: fc.constantFrom(...ORDERS),
  kind: fc.constantFrom(
    ...['placed', 'confirmed', 'confirmed', 'cancelled', 'dispatched', 'received'],
    ...['refund', 'refund', 'refund', 'refund'],
  ),
  refund: fc.nat({ max: 3 }),
});
/** What several workers take from the queue at once: each of them a batch, and the batches of one of them after each other. */
const rounds = fc.array(fc.array(fc.array(events, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }), {
  minLength: 3,
  maxLength: 8,
});

type Given = {
  lines: Record<string, Line[]>;
  goods: { line: number; quantity: number; restock: boolean | undefined }[][];
};
type Event = typeof events extends fc.Arbitrary<infer One> ? One : never;

function messageOf({ orderId, kind, refund }: Event, { lines, goods }: Given): StockInput {
  const items = lines[orderId] ?? [];
  if (kind === 'received') return received({ receiptId: orderId, items });
  if (kind === 'cancelled') return cancelled({ orderId });
  if (kind === 'dispatched') return dispatched({ orderId });
  if (kind === 'confirmed') return confirmed({ orderId, items });
  if (kind === 'placed') return placed({ orderId, items: items.map((item) => ({ ...item, unitPrice: 1 })) });
  // The last one says something else under an id that was used.
  return refundRequested({
    orderId,
    refundId: `r-${refund % 3}`,
    items: (goods[refund] ?? []).map(({ line, ...rest }) => ({ sku: items[line % items.length]?.sku ?? '', ...rest })),
  });
}

const countOf = (lines: readonly Line[], sku: string) =>
  lines.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);

/** What the consumer has done and said, each event once, as somebody knows it who keeps the ids. */
class Observer {
  private readonly receipts = new Map<string, Line[]>();
  private readonly said = new Map<string, { type: string; data: unknown }>();
  readonly ended = new Set<string>();

  note(event: StockInput, published: readonly { id: string; type: string; data: unknown }[]): void {
    if ('receiptId' in event.data) this.receipts.set(event.data.receiptId, event.data.items);
    if (event.type === 'shop.order.cancelled.v1') this.ended.add(event.data.orderId);
    for (const { id, type, data } of published) {
      if (this.said.has(id)) expect(data, `${id} is said again`).toEqual(this.said.get(id)?.data);
      this.said.set(id, { type, data });
    }
  }

  all(name: 'returned' | 'released') {
    return [...this.said.values()]
      .filter(({ type }) => type === `shop.stock.${name}.v1`)
      .map(({ data }) => data as { orderId: string; items: (Line & { restock?: boolean })[] });
  }

  cameIn = (): Line[] => [...this.receipts.values()].flat();

  cameBackOnShelf = (): Line[] => this.all('returned').flatMap(({ items }) => items.filter(({ restock }) => restock));

  cameBackOf = (orderId: string): Line[] =>
    this.all('returned').flatMap((one) => (one.orderId === orderId ? one.items : []));
}

function expectSums(table: ReturnType<typeof stockConsumer>['table'], observer: Observer, { lines }: Given): void {
  expect(table.minimum()).toBeGreaterThanOrEqual(0);
  const [cameIn, cameBack] = [observer.cameIn(), observer.cameBackOnShelf()];
  const linesIn = (state: string) =>
    [...table.reservations.values()].flatMap((one) => (one.state === state ? one.lines : []));
  // What came back before a cancellation stays sold.
  const stillSold = observer.all('released').flatMap(({ orderId }) => observer.cameBackOf(orderId));
  for (const sku of SKUS) {
    expect(table.total(sku), sku).toBe(START[sku] + countOf(cameIn, sku) + countOf(cameBack, sku));
    const sold = countOf(linesIn('sold'), sku) + countOf(stillSold, sku);
    expect(table.shelf(sku)).toMatchObject({ reserved: countOf(linesIn('reserved'), sku), sold });
  }
  for (const orderId of ORDERS)
    for (const { sku, quantity } of sumBySku(observer.cameBackOf(orderId)))
      expect(quantity, `${sku} of ${orderId}`).toBeLessThanOrEqual(countOf(lines[orderId] ?? [], sku));
  for (const { orderId, items } of observer.all('released'))
    for (const { sku, quantity } of sumBySku(lines[orderId] ?? []))
      expect(countOf(items, sku) + countOf(observer.cameBackOf(orderId), sku), `${sku} of ${orderId}`).toBe(quantity);
  for (const orderId of observer.ended)
    expect(['reserved', 'sold'], orderId).not.toContain(table.reservations.get(orderId)?.state);
}

/** What an audit finds wrong with the shelves, which were counted before the first event. */
async function auditedWrong({ reservations, shelves }: ReturnType<typeof stockConsumer>['table']) {
  const others = { orders: new Map(), payments: new Map(), notifications: new Map(), shipments: new Map() };
  const counted = (sku: string) => ({
    counted: START[sku as 'A'] ?? 0,
    countedHeld: 0,
    countedAt: '2026-11-01T09:00:00Z',
  });
  const all = new Map([...shelves].map(([sku, shelf]) => [sku, { ...shelf, ...counted(sku) }]));
  const tables = memoryAuditTables({ ...others, reservations, shelves: all });
  return (await auditShelves(tables, { lookFor: () => {}, pauseFirst: async () => {} })).wrong;
}

const happened = new Map<string, number>();
let runs = 0;

function countWhatHappened(observer: Observer): void {
  runs += 1;
  const isBack = ({ orderId }: { orderId: string }) => observer.cameBackOf(orderId).length > 0;
  const counts = {
    'a return': observer.all('returned').length,
    'a return to the shelf': observer.cameBackOnShelf().length,
    'a release': observer.all('released').length,
    'a release less what came back': observer.all('released').filter(isBack).length,
  };
  for (const [what, count] of Object.entries(counts)) happened.set(what, (happened.get(what) ?? 0) + count);
}

beforeEach(() => {
  // The pause after a conflict is random; the tests need none.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterAll(() => {
  // Sequences in which nothing comes back would agree with any sum.
  expect(runs).toBeGreaterThan(50);

  for (const [what, count] of happened) expect(count / runs, `${what} hardly ever happens`).toBeGreaterThan(0.1);
});

test('a shelf has what came in and what came back, none of it negative, and no more came back than was sold, in any sequence of events', {
  timeout: 15_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      carts,
      refunds,
      rounds,
      fc.array(fc.constantFrom(true, false, false), { maxLength: 20 }),
      async (lines, goods, all, conflicts) => {
        const given = { lines, goods };
        const { table, handle } = stockConsumer(START);
        const observer = new Observer();
        const work = async (batch: readonly Event[]) => {
          // Within a round every order occurs once.
          const different = [...new Map(batch.map((event) => [event.orderId, event])).values()];
          const messages = different.map((event) => messageOf(event, given));
          const results = await handle(messages.map((message) => delivery<StockInput>(message)));
          messages.forEach((message, index) => {
            const result = results[index];
            if (result !== undefined && 'publish' in result) observer.note(message, result.publish);
          });
        };
        const sell = (kind: string) => ORDERS.map((orderId) => ({ orderId, kind, refund: 0 }));
        await work(sell('placed').slice(1));
        await work(sell('confirmed').slice(2));
        table.conflicts = () => conflicts.shift() ?? false;
        for (const workers of all) {
          await Promise.all(workers.map(work));
          expectSums(table, observer, given);
        }
        expect(await auditedWrong(table)).toEqual([]);
        countWhatHappened(observer);
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 4_000 },
  );
});
