import { Command } from 'commander';
import { MAX_PIECES } from '../../contracts/order.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { skuArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { plural, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { readInput } from '../input.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { parseStockFile } from './csv.ts';
import { type Receipt, type ReceiptsResult, receiptOf, receiptsOf, sendReceipts } from './receipts.ts';
import { listShelves, setAvailable } from './shelves.ts';

const MAX_AVAILABLE = 1_000_000_000;
const WAIT_SECONDS = 120;

/** `ops stock` */
export function stockCommand(): Command {
  const show = shopCommand('show', 'Show what is available, reserved and sold of every SKU.', 'stock show').action(
    async ({ json, aws }: ShopOptions) => {
      const shop = await connectToShop({ aws });
      const found = await listShelves(shop);
      const report = (layout: Layout) =>
        found.length === 0 ? 'The shelves are empty: npm run ops -- stock set KB-01 100' : shelfTable(found, layout);
      print(json, found, underHeader(shop, report));
    },
  );
  const set = changingCommand('set', 'Set how many pieces of a SKU are available.', 'stock set KB-01 100')
    .argument('<sku>', 'the SKU', skuArgument)
    .argument('<quantity>', 'how many are available from now on', wholeNumber(0, MAX_AVAILABLE))
    .action(async (sku: string, quantity: number, { json, aws, yes }: ChangeOptions) => {
      const shop = await connectToShop({ aws });
      const question = `Set what is available of ${sku} to ${quantity}?`;
      if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
      const shelf = await setAvailable(shop, sku, quantity);
      return print(json, shelf, (layout) => shelfTable(shelf === undefined ? [] : [shelf], layout));
    });
  return new Command('stock')
    .description('Show what is on the shelves, set it, and take goods in.')
    .addHelpText(
      'after',
      '\nExample:\n  npm run ops -- stock set KB-01 100\n  npm run ops -- stock import delivery.csv',
    )
    .addCommand(show)
    .addCommand(set)
    .addCommand(receiveCommand())
    .addCommand(importCommand());
}

function receiveCommand(): Command {
  return changingCommand(
    'receive',
    'Add goods that came in to the shelf of a SKU, once per receipt.',
    'stock receive KB-01 40',
  )
    .argument('<sku>', 'the SKU', skuArgument)
    .argument('<quantity>', 'how many pieces came in', wholeNumber(1, MAX_PIECES))
    .option('--receipt <id>', "the receipt's id; the same id adds once (default: a new one)")
    .action(
      async (sku: string, quantity: number, { json, aws, yes, receipt: id }: ChangeOptions & { receipt?: string }) => {
        const receipt = receiptOf(sku, quantity, id);
        const shop = await connectToShop({ aws });
        const question = `Add ${plural(quantity, 'piece')} to the shelf of ${sku}?`;
        if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
        const result = await sendAndReport(shop, [receipt]);
        const shelf = (await listShelves(shop)).find((one) => one.sku === sku);
        return print(json, { receiptId: receipt.receiptId, ...result, shelf: shelf ?? null }, (layout) =>
          [receivedText(result), ...(shelf === undefined ? [] : [shelfTable([shelf], layout)])].join('\n'),
        );
      },
    );
}

function importCommand(): Command {
  return changingCommand(
    'import',
    'Add the goods of a CSV file (sku,quantity) to the shelves, once per content of the file.',
    'stock import delivery.csv',
    'stock import --dry-run - < delivery.csv',
  )
    .argument('<csv>', 'the file, or - for standard input: UTF-8, columns sku,quantity, a header is optional')
    .option('--dry-run', 'check the file and say what it holds; send nothing')
    .action(async (name: string, { json, aws, yes, dryRun }: ChangeOptions & { dryRun?: boolean }) => {
      const file = parseStockFile(await readInput(name));
      const receipts = receiptsOf(file);
      const pieces = file.lines.reduce((sum, { quantity }) => sum + quantity, 0);
      const size = { rows: file.rows, skus: file.lines.length, pieces, receipts: receipts.length };
      const holds = [
        plural(size.rows, 'row'),
        plural(size.skus, 'SKU'),
        plural(size.pieces, 'piece'),
        plural(size.receipts, 'receipt'),
      ].join(', ');
      if (dryRun) return print(json, { ...size, dryRun: true }, () => `${holds}. Nothing was sent.`);
      const shop = await connectToShop({ aws });
      if (!(await confirmChange(shop, `Add ${holds} to the shelves?`, { yes }))) return printNothingTouched(json);
      const result = await sendAndReport(shop, receipts);
      return print(json, { ...size, ...result }, () => `${holds}. ${receivedText(result)}`);
    });
}

/** Sends receipts with progress. Sets the exit code where the shelves do not have all goods in time. */
async function sendAndReport(shop: DeployedShop, receipts: readonly Receipt[]): Promise<ReceiptsResult> {
  const result = await interruptible('What was published is still added.', (signal) =>
    sendReceipts(shop, receipts, { waitSeconds: WAIT_SECONDS, onProgress: progressPrinter(), signal }),
  );
  if (result.waiting > 0) process.exitCode = 1;
  return result;
}

function receivedText({ sent, takenBefore, waiting }: ReceiptsResult): string {
  if (sent === 0) return 'All of it had been added before: nothing was added again.';
  if (waiting > 0)
    return `${waiting} of ${sent} receipts are not on the shelves yet; they are added when stock takes them: npm run ops -- status`;
  return takenBefore === 0 ? 'Added.' : `Added; ${plural(takenBefore, 'receipt')} had been added before.`;
}

/** Formats shelves as a table. */
export function shelfTable(shelves: readonly Shelf[], layout: Layout): string {
  return table(
    [{ title: 'sku', fit: 'middle' }, 'available', 'reserved', 'sold'],
    shelves.map(({ sku, available, reserved, sold }) => [sku, available, reserved, sold]),
    layout,
  );
}
