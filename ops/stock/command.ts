import { Command } from 'commander';
import * as v from 'valibot';
import { line } from '../../contracts/order.ts';
import type { Shelf } from '../../lambdas/stock/rules.ts';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { table } from '../format.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { listShelves, setAvailable } from './shelves.ts';

const MAX_PIECES = 1_000_000_000;

/** `ops stock` */
export function stockCommand(): Command {
  const show = shopCommand('show', 'Show what is available, reserved and sold of every SKU.', 'stock show').action(
    async ({ json, aws }: ShopOptions) => {
      const found = await listShelves(await connectToShop({ aws }));
      print(json, found, () =>
        found.length === 0 ? 'The shelves are empty: npm run ops -- stock set KB-01 100' : shelfTable(found),
      );
    },
  );
  const set = shopCommand('set', 'Set how many pieces of a SKU are available.', 'stock set KB-01 100')
    .argument('<sku>', 'the SKU')
    .argument('<quantity>', 'how many are available from now on', wholeNumber(0, MAX_PIECES))
    .action(async (sku: string, quantity: number, { json, aws }: ShopOptions) => {
      const parsed = v.safeParse(line.entries.sku, sku);
      if (!parsed.success) throw new Error(`The SKU "${sku}" ${parsed.issues[0].message}.`);
      const shelf = await setAvailable(await connectToShop({ aws }), sku, quantity);
      print(json, shelf, () => shelfTable(shelf === undefined ? [] : [shelf]));
    });
  return new Command('stock')
    .description('Show and set what is on the shelves.')
    .addHelpText('after', '\nExample:\n  npm run ops -- stock set KB-01 100')
    .addCommand(show)
    .addCommand(set);
}

/** Formats shelves as a table. */
export function shelfTable(shelves: readonly Shelf[]): string {
  return table(
    ['sku', 'available', 'reserved', 'sold'],
    shelves.map(({ sku, available, reserved, sold }) => [sku, available, reserved, sold]),
  );
}
