import { stockHandler } from '../../lambdas/stock/reserve.ts';
import type { StockInput } from '../../lambdas/stock/rules.ts';
import { delivery } from './deliveries.ts';
import { MemoryStockTable } from './stock-table.ts';

/** The stock consumer on tables in memory, with these pieces for sale. Its clock goes on by a second with each plan. */
export function stockConsumer(available: Record<string, number>) {
  const table = new MemoryStockTable(available);
  let clock = Date.parse('2026-11-21T09:00:00Z');
  const handle = stockHandler(table, () => {
    clock += 1_000;
    return new Date(clock);
  });
  return {
    table,
    handle,
    /** Delivers events in one batch and returns for each the types of published events, or the error's name. */
    async deliver(...events: StockInput[]): Promise<string[]> {
      const results = await handle(events.map((event) => delivery(event)));
      return results.map((result) =>
        'failure' in result
          ? String((result.failure as Error).name)
          : result.publish.map(({ type }) => type.split('.')[2]).join(),
      );
    },
  };
}
