import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { Line, OrderConfirmed } from '../../../contracts/order.ts';
import type { StockReserved } from '../../../contracts/stock.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent } from './cloud-event.ts';
import type { PlacedOrder } from './placed-order.ts';
import { publish } from './publish.ts';
import { conditionOf, tables, type WriteMode } from './table.ts';

const shelves = requireEnv('TABLE_NAME');
const TableName = requireEnv('RESERVATIONS_TABLE_NAME');

/** Reserves the goods of a placed order, and sells those of a confirmed one. */
export const handle = (event: PlacedOrder | OrderConfirmed, mode: WriteMode): Promise<void> =>
  event.type === 'shop.order.placed.v1' ? reserve(event, mode) : sell(event, mode);

/** Reserves all goods of an order, in one transaction of its reservation and its shelves. */
async function reserve({ data: { orderId, items } }: PlacedOrder, mode: WriteMode): Promise<void> {
  const lines = items.map(({ sku, quantity }) => ({ sku, quantity }));
  const time = new Date().toISOString();
  await writeOnce([
    {
      Put: {
        TableName,
        Item: { orderId, state: 'reserved', lines, time },
        ...conditionOf(mode, 'attribute_not_exists(orderId)'),
      },
    },
    ...lines.map(({ sku, quantity }) => ({
      Update: {
        TableName: shelves,
        Key: { sku },
        UpdateExpression: 'ADD available :taken, reserved :quantity',
        ConditionExpression: 'available >= :quantity',
        ExpressionAttributeValues: { ':taken': -quantity, ':quantity': quantity },
      },
    })),
  ]);
  const type = 'shop.stock.reserved.v1';
  const data = { orderId, items: lines };
  await publish(
    cloudEvent<StockReserved>({ type, source: '/shop/stock', id: `${orderId}.${type}`, subject: orderId, time, data }),
  );
}

async function sell({ data: { orderId, items } }: OrderConfirmed, mode: WriteMode): Promise<void> {
  await writeOnce([
    {
      Update: {
        TableName,
        Key: { orderId },
        UpdateExpression: 'SET #state = :sold',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':sold': 'sold', ...(mode === 'conditional' ? { ':reserved': 'reserved' } : {}) },
        ...conditionOf(mode, '#state = :reserved'),
      },
    },
    ...items.map(({ sku, quantity }: Line) => ({
      Update: {
        TableName: shelves,
        Key: { sku },
        UpdateExpression: 'ADD sold :quantity, reserved :gone',
        ExpressionAttributeValues: { ':quantity': quantity, ':gone': -quantity },
      },
    })),
  ]);
}

/** Writes a transaction unless the condition of its first item says that it was written before. */
async function writeOnce(TransactItems: ConstructorParameters<typeof TransactWriteCommand>[0]['TransactItems']) {
  try {
    await tables.send(new TransactWriteCommand({ TransactItems }));
  } catch (error) {
    const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons : undefined;
    if (reasons?.[0]?.Code !== 'ConditionalCheckFailed') throw error;
  }
}
