import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../../lambdas/order/record.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { plural } from '../format.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import { listShelves, setAvailable } from '../stock/shelves.ts';
import type { DemoResult } from './result.ts';
import { expectedMovements, INITIAL_STOCK, type Scenario, type ShelfMovement } from './scenarios.ts';

const SHELVES_TIMEOUT_MS = 5_000;
/** A shelf with fewer pieces than this is refilled. */
const REFILL_BELOW = 20;

/** Refills the demonstration's shelves and returns them, once no piece of an earlier run is reserved any more. */
export async function stockShelves(shop: DeployedShop, signal: AbortSignal): Promise<Shelf[]> {
  const deadline = Date.now() + SHELVES_TIMEOUT_MS;
  await refillShelves(shop);
  const noneReserved = (found: readonly Shelf[]) => found.every(({ reserved }) => reserved === 0);
  return await pollUntil(() => demoShelves(shop), noneReserved, { deadline, signal });
}

/** Refills the demonstration's shelves, and empties the one that is sold out. */
export async function refillShelves(shop: DeployedShop): Promise<void> {
  for (const [sku, quantity] of Object.entries(INITIAL_STOCK)) {
    await setAvailable(shop, sku, quantity, quantity === 0 ? undefined : REFILL_BELOW);
  }
}

/** Compares the shelves with what the orders do to them; where other orders moved them since, only that no piece is missing. */
export async function checkStock(
  shop: DeployedShop,
  scenarios: readonly Scenario[],
  { before, since, signal }: { before: readonly Shelf[]; since: Date; signal: AbortSignal },
): Promise<Pick<DemoResult, 'shelves' | 'stockProblems' | 'onlyTotalsChecked'>> {
  const movements = expectedMovements(scenarios);
  const correct = (after: readonly Shelf[]) => checkShelves(before, after, movements).length === 0;
  const after = await pollUntil(() => demoShelves(shop), correct, {
    deadline: Date.now() + SHELVES_TIMEOUT_MS,
    signal,
  });
  const own = new Set(scenarios.map(({ order }) => order.orderId));
  const onlyTotalsChecked = !correct(after) && (await hasConcurrentOrders(shop, own, since));
  const check = onlyTotalsChecked ? checkShelfTotals : checkShelves;
  const stockProblems = check(before, after, movements);
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

type Movements = ReadonlyMap<string, ShelfMovement>;

const NONE: ShelfMovement = { sold: 0, returned: 0 };

/** Returns every difference between the shelves' movement and the expected one per SKU. */
export function checkShelves(before: readonly Shelf[], after: readonly Shelf[], movements: Movements): string[] {
  const moved = pairs(before, after).flatMap(([shelf, now]) => {
    const { sold, returned } = movements.get(shelf.sku) ?? NONE;
    const problems: string[] = [];
    if (now.reserved !== shelf.reserved) {
      problems.push(`${shelf.sku} has ${plural(now.reserved, 'piece')} reserved instead of ${shelf.reserved}`);
    }
    if (now.sold - shelf.sold !== sold) {
      problems.push(
        `${plural(now.sold - shelf.sold, 'piece')} of ${shelf.sku} ${now.sold - shelf.sold === 1 ? 'was' : 'were'} sold instead of ${sold}`,
      );
    }
    const surplus = total(now) - total(shelf) - returned;
    if (surplus > 0) problems.push(`${shelf.sku} has ${plural(total(now), 'piece')} in all, ${surplus} too many`);
    return problems;
  });
  return [...checkShelfTotals(before, after, movements), ...moved];
}

/** Returns what is wrong whoever buys and gives back: missing pieces, and negative stock. */
export function checkShelfTotals(before: readonly Shelf[], after: readonly Shelf[], movements: Movements): string[] {
  return pairs(before, after).flatMap(([shelf, now]) => {
    // What came back stays in what was sold, and is for sale again.
    const expected = total(shelf) + (movements.get(shelf.sku) ?? NONE).returned;
    const problems: string[] = [];
    if (now.available < 0) problems.push(`${shelf.sku} has ${plural(now.available, 'piece')} available`);
    if (total(now) < expected) problems.push(`${shelf.sku} has ${plural(total(now), 'piece')} in all, not ${expected}`);
    return problems;
  });
}

const total = ({ available, reserved, sold }: Shelf) => available + reserved + sold;

const pairs = (before: readonly Shelf[], after: readonly Shelf[]): [Shelf, Shelf][] =>
  before.map((shelf) => [
    shelf,
    after.find(({ sku }) => sku === shelf.sku) ?? { sku: shelf.sku, available: 0, reserved: 0, sold: 0 },
  ]);
