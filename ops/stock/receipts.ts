import { ulid } from 'ulid';
import * as v from 'valibot';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { type Line, sameGoods } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { stockReceived } from '../../contracts/stock.ts';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { receiptKey } from '../../lambdas/runtime/delivery.ts';
import { stockTable } from '../../lambdas/stock/table.ts';
import { plural } from '../format.ts';
import { publishOrders } from '../orders/publish.ts';
import { pollUntil } from '../poll.ts';
import type { DeployedShop } from '../stack.ts';
import type { OnProgress } from '../steps.ts';
import { reportStep } from '../steps.ts';
import type { StockFile } from './csv.ts';

/** Goods that came in together. The same `receiptId` adds to the shelves once. */
export type Receipt = { receiptId: string; items: Line[] };

/** How many receipts were sent, how many had been taken before, and how many are not on the shelves yet. */
export type ReceiptsResult = { sent: number; takenBefore: number; waiting: number };

// One receipt is one transaction of its record and its shelves.
const SKUS_PER_RECEIPT = 99;
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const KEYS_PER_READ = 100;

export type SendReceiptsOptions = {
  /** How long to wait while no receipt is taken. */
  waitSeconds: number;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
};

/** Splits a file's goods into receipts whose ids follow from the file's content, so that the same file adds once. */
export const receiptsOf = ({ lines, contentId }: StockFile): Receipt[] =>
  chunk(lines, SKUS_PER_RECEIPT).map((items, index) => ({ receiptId: `csv-${contentId}-${index + 1}`, items }));

/**
 * Publishes receipts on the orders topic, as any service may, and waits until `stock` has taken them. Those that were taken before are
 * not sent again. Throws when the topic refuses one, and before anything is sent where one was taken with other items.
 */
export async function sendReceipts(
  shop: DeployedShop,
  receipts: readonly Receipt[],
  { waitSeconds, onProgress, signal }: SendReceiptsOptions,
): Promise<ReceiptsResult> {
  const before = await taken(shop, receipts);
  rejectOtherItems(receipts, before);
  const open = receipts.filter(({ receiptId }) => !before.has(receiptId));
  if (open.length === 0) return { sent: 0, takenBefore: before.size, waiting: 0 };
  await reportStep(`publish ${plural(open.length, 'receipt')}`, onProgress, async () => {
    const failed = await publishOrders(shop, open.map(receiptBody), { signal });
    const [first] = failed;
    if (first !== undefined)
      throw new Error(
        `The topic refused ${plural(failed.length, 'receipt')} (${first.code} ${first.message}). Run the command again: what was taken is not added twice.`,
      );
  });
  const waiting = await reportStep('wait until the shelves have the goods', onProgress, () =>
    waitUntilTaken(shop, open, { waitSeconds, onProgress, signal }),
  );
  return { sent: open.length, takenBefore: before.size, waiting };
}

/** Waits for as long as receipts are being taken, reports each tenth of them, and returns how many are left. */
async function waitUntilTaken(
  shop: DeployedShop,
  receipts: readonly Receipt[],
  { waitSeconds, onProgress, signal }: SendReceiptsOptions,
): Promise<number> {
  let left = receipts;
  for (;;) {
    const enough = left.length - Math.ceil(receipts.length / 10);
    const now = await pollUntil(
      async () => {
        const found = await taken(shop, left);
        return left.filter(({ receiptId }) => !found.has(receiptId));
      },
      (open) => open.length === 0 || open.length <= enough,
      { deadline: Date.now() + waitSeconds * 1_000, signal },
    );
    if (now.length === 0 || now.length === left.length) return now.length;
    left = now;
    onProgress({
      kind: 'notice',
      text: `${receipts.length - left.length} of ${receipts.length} receipts are on the shelves`,
    });
  }
}

/** Throws where a receipt was taken with other items: what it says now would never be added. */
function rejectOtherItems(receipts: readonly Receipt[], before: ReadonlyMap<string, readonly Line[]>): void {
  for (const { receiptId, items } of receipts) {
    const lines = before.get(receiptId);
    if (lines !== undefined && !sameGoods(lines, items))
      throw new Error(`Receipt ${receiptId} was taken before with other items: give these goods another receipt.`);
  }
}

/** Builds the receipt of one SKU. Throws when its parts break the contract. */
export function receiptOf(sku: string, quantity: number, receiptId = `r-${ulid()}`): Receipt {
  const receipt = { receiptId, items: [{ sku, quantity }] };
  const { success, issues } = v.safeParse(stockReceived.data, receipt);
  if (success) return receipt;
  const [issue] = issues;
  throw new Error(`The ${v.getDotPath(issue) === 'receiptId' ? 'receipt' : 'SKU'} ${issue.message}.`);
}

function receiptBody({ receiptId, items }: Receipt): string {
  const envelope = { id: `${receiptId}.received`, source: '/shop/operator', time: new Date().toISOString() };
  const body = JSON.stringify(
    buildEvent(stockReceived, { ...envelope, subject: receiptId, data: { receiptId, items } }),
  );
  parseEvent(body, [stockReceived]);
  return body;
}

/** Reads the goods of the receipts that were taken, by receipt id. */
async function taken(shop: DeployedShop, receipts: readonly Receipt[]): Promise<Map<string, Line[]>> {
  const { load } = stockTable(shop.output('StockTableName'), shop.output('ReservationsTableName'), shop.documents);
  const found = new Map<string, Line[]>();
  for (const some of chunk(receipts, KEYS_PER_READ)) {
    const records = await load(some.map(({ receiptId }) => receiptKey(receiptId)));
    for (const { receiptId } of some) {
      const record = records.get(receiptKey(receiptId));
      if (record) found.set(receiptId, record.lines);
    }
  }
  return found;
}
