import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Shelf } from '../../lambdas/stock/record.ts';
import type { DeployedShop } from '../stack.ts';

/**
 * A shelf as `stock set` leaves it: how many pieces it found or made there are (`counted` available and `countedHeld` reserved and sold), and when
 * (ISO 8601). What came in later is in the receipts. Absent of a shelf that was never set.
 */
export type CountedShelf = Shelf & { counted?: number; countedHeld?: number; countedAt?: string };

/** Lists all shelves, sorted by SKU. */
export async function listShelves(shop: DeployedShop): Promise<Shelf[]> {
  const found: Shelf[] = [];
  const pages = paginateScan(
    { client: shop.documents },
    { TableName: shop.output('StockTableName'), ConsistentRead: true },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const { sku, available, reserved, sold } = item;
      found.push({ sku: String(sku), available: Number(available), reserved: Number(reserved), sold: Number(sold) });
    }
  }
  return found.sort((one, other) => (one.sku < other.sku ? -1 : 1));
}

/**
 * Sets the available pieces of a SKU; those reserved and sold stay. One atomic write, so it is safe while orders come in.
 * With `ifBelow` it does nothing, and returns `undefined`, unless fewer than that are available.
 */
export async function setAvailable(
  shop: DeployedShop,
  sku: string,
  quantity: number,
  ifBelow?: number,
): Promise<Shelf | undefined> {
  const condition =
    ifBelow === undefined ? {} : { ConditionExpression: 'attribute_not_exists(available) OR available < :below' };
  try {
    const { Attributes = {} } = await shop.documents.send(
      new UpdateCommand({
        TableName: shop.output('StockTableName'),
        Key: { sku },
        // An audit holds what came in since against what is there.
        UpdateExpression: `SET available = :quantity, reserved = if_not_exists(reserved, :none), sold = if_not_exists(sold, :none),
           counted = :quantity, countedHeld = if_not_exists(reserved, :none) + if_not_exists(sold, :none), countedAt = :now`,
        ...condition,
        ExpressionAttributeValues: {
          ':quantity': quantity,
          ':none': 0,
          ':now': new Date().toISOString(),
          ...(ifBelow === undefined ? {} : { ':below': ifBelow }),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return { sku, available: quantity, reserved: Number(Attributes.reserved), sold: Number(Attributes.sold) };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
