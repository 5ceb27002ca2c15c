import type { Shelf } from '../../lambdas/stock/rules.ts';

/** Takes the shelves before and after, and what was to be sold between, and names every number that is not as it must be. */
export function stockProblems(
  before: readonly Shelf[],
  after: readonly Shelf[],
  sold: ReadonlyMap<string, number>,
): string[] {
  const moved = pairs(before, after).flatMap(([shelf, now]) => {
    const pieces = sold.get(shelf.sku) ?? 0;
    const problems: string[] = [];
    if (now.reserved !== shelf.reserved) {
      problems.push(`${shelf.sku} has ${now.reserved} pieces reserved instead of ${shelf.reserved}`);
    }
    if (now.sold - shelf.sold !== pieces) {
      problems.push(`${now.sold - shelf.sold} pieces of ${shelf.sku} were sold instead of ${pieces}`);
    }
    return problems;
  });
  return [...sumProblems(before, after), ...moved];
}

/** Takes the shelves before and after and names what can never be, whoever buys: missing pieces, or fewer than none. */
export function sumProblems(before: readonly Shelf[], after: readonly Shelf[]): string[] {
  return pairs(before, after).flatMap(([shelf, now]) => {
    const problems: string[] = [];
    if (now.available < 0) problems.push(`${shelf.sku} has ${now.available} pieces available`);
    if (inAll(now) !== inAll(shelf)) problems.push(`${shelf.sku} has ${inAll(now)} pieces in all, not ${inAll(shelf)}`);
    return problems;
  });
}

const inAll = ({ available, reserved, sold }: Shelf) => available + reserved + sold;

const pairs = (before: readonly Shelf[], after: readonly Shelf[]): [Shelf, Shelf][] =>
  before.map((shelf) => [
    shelf,
    after.find(({ sku }) => sku === shelf.sku) ?? { sku: shelf.sku, available: 0, reserved: 0, sold: 0 },
  ]);
