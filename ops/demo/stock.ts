import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../../lambdas/order/record.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import { listShelves, setAvailable } from '../stock/shelves.ts';
import type { DemoResult } from './result.ts';
import { expectedSales, INITIAL_STOCK, type Scenario } from './scenarios.ts';

const SHELVES_TIMEOUT_MS = 5_000;
/** A shelf with fewer pieces than this is refilled. */
const REFILL_BELOW = 20;

/** Refills the demonstration's shelves and returns them, once no piece of an earlier run is reserved any more. */
export async function stockShelves(shop: DeployedShop, signal: AbortSignal): Promise<Shelf[]> {
  const deadline = Date.now() + SHELVES_TIMEOUT_MS;
  for (const [sku, quantity] of Object.entries(INITIAL_STOCK)) {
    await setAvailable(shop, sku, quantity, quantity === 0 ? undefined : REFILL_BELOW);
  }
  const noneReserved = (found: readonly Shelf[]) => found.every(({ reserved }) => reserved === 0);
  return await pollUntil(() => demoShelves(shop), noneReserved, { deadline, signal });
}

/** Compares the shelves with the expected sales; where other orders moved them since, only their totals are checked. */
export async function checkStock(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  { before, since, signal }: { before: readonly Shelf[]; since: Date; signal: AbortSignal },
): Promise<Pick<DemoResult, 'shelves' | 'stockProblems' | 'onlyTotalsChecked'>> {
  const sales = expectedSales(scenarios);
  const correct = (after: readonly Shelf[]) => checkShelves(before, after, sales).length === 0;
  const after = await pollUntil(() => demoShelves(shop), correct, {
    deadline: Date.now() + SHELVES_TIMEOUT_MS,
    signal,
  });
  const own = new Set(scenarios.map(({ order }) => order.orderId));
  const onlyTotalsChecked = !correct(after) && (await hasConcurrentOrders(shop, own, since));
  const stockProblems = onlyTotalsChecked ? checkShelfTotals(before, after) : checkShelves(before, after, sales);
  return { shelves: after, stockProblems, onlyTotalsChecked };
}

const demoShelves = async (shop: DeployedShop) => (await listShelves(shop)).filter(({ sku }) => sku in INITIAL_STOCK);

/** Reports whether other orders of the demonstration's SKUs moved since a time. Reads the whole table, so call it rarely. */
async function hasConcurrentOrders(shop: DeployedShop, own: ReadonlySet<string>, since: Date): Promise<boolean> {
  const pages = paginateScan({ client: shop.documents }, { TableName: shop.output('OrdersTableName') });
  for await (const { Items = [] } of pages) {
    // Only the order consumer writes this table, in this shape.
    for (const { orderId, items = [], timeline = [] } of Items as Order[]) {
      const moved = timeline.some(({ time }) => Date.parse(time) >= since.getTime());
      if (moved && !own.has(orderId) && items.some(({ sku }) => sku in INITIAL_STOCK)) return true;
    }
  }
  return false;
}

/** Returns every difference between the shelves' movement and the expected sales per SKU. */
export function checkShelves(
  before: readonly Shelf[],
  after: readonly Shelf[],
  sales: ReadonlyMap<string, number>,
): string[] {
  const moved = pairs(before, after).flatMap(([shelf, now]) => {
    const expected = sales.get(shelf.sku) ?? 0;
    const problems: string[] = [];
    if (now.reserved !== shelf.reserved) {
      problems.push(`${shelf.sku} has ${now.reserved} pieces reserved instead of ${shelf.reserved}`);
    }
    if (now.sold - shelf.sold !== expected) {
      problems.push(`${now.sold - shelf.sold} pieces of ${shelf.sku} were sold instead of ${expected}`);
    }
    return problems;
  });
  return [...checkShelfTotals(before, after), ...moved];
}

/** Returns what is wrong whoever buys: missing or additional pieces, and negative stock. */
export function checkShelfTotals(before: readonly Shelf[], after: readonly Shelf[]): string[] {
  return pairs(before, after).flatMap(([shelf, now]) => {
    const problems: string[] = [];
    if (now.available < 0) problems.push(`${shelf.sku} has ${now.available} pieces available`);
    if (total(now) !== total(shelf)) problems.push(`${shelf.sku} has ${total(now)} pieces in all, not ${total(shelf)}`);
    return problems;
  });
}

const total = ({ available, reserved, sold }: Shelf) => available + reserved + sold;

const pairs = (before: readonly Shelf[], after: readonly Shelf[]): [Shelf, Shelf][] =>
  before.map((shelf) => [
    shelf,
    after.find(({ sku }) => sku === shelf.sku) ?? { sku: shelf.sku, available: 0, reserved: 0, sold: 0 },
  ]);
