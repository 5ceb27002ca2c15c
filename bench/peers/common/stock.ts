import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { Line, OrderCancelled, OrderConfirmed, OrderPlaced } from '../../../contracts/order.ts';
import type { StockRejected, StockReleased, StockReserved } from '../../../contracts/stock.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent, publish } from './publish.ts';
import { conditionOf, type Guard, tables } from './table.ts';

const shelves = requireEnv('TABLE_NAME');
const reservations = requireEnv('RESERVATIONS_TABLE_NAME');

type State = 'reserved' | 'rejected' | 'sold' | 'released';
type Held = StockReserved | StockRejected | StockReleased;

/** Sets all goods of an order aside or none: one transaction of the order's reservation and its shelves. */
async function reserve({ data: { orderId, items } }: OrderPlaced, guard: Guard): Promise<void> {
  const lines = items.map(({ sku, quantity }) => ({ sku, quantity }));
  const time = new Date().toISOString();
  const reservation = (state: State) => ({
    TableName: reservations,
    Item: { orderId, state, lines, time },
    ...conditionOf(guard, 'attribute_not_exists(orderId)'),
  });
  try {
    await tables.send(
      new TransactWriteCommand({
        TransactItems: [
          { Put: reservation('reserved') },
          ...lines.map(({ sku, quantity }) => ({
            Update: {
              TableName: shelves,
              Key: { sku },
              UpdateExpression: 'ADD available :taken, reserved :quantity',
              ConditionExpression: 'available >= :quantity',
              ExpressionAttributeValues: { ':taken': -quantity, ':quantity': quantity },
            },
          })),
        ],
      }),
    );
  } catch (error) {
    const [known, ...short] = reasonsOf(error);
    if (known === 'ConditionalCheckFailed') return repeat(orderId);
    const missing = lines.filter((_, index) => short[index] === 'ConditionalCheckFailed');
    if (missing.length === 0) throw error;
    await tables.send(new PutCommand(reservation('rejected')));
    return tell('shop.stock.rejected.v1', orderId, missing, time);
  }
  await tell('shop.stock.reserved.v1', orderId, lines, time);
}

/** Takes a confirmed order's goods off the shelves. */
const sell = ({ data: { orderId, items } }: OrderConfirmed, guard: Guard) => move(orderId, items, 'sold', guard);

/** Puts a cancelled order's goods back, if any were set aside. */
async function release({ data: { orderId } }: OrderCancelled, guard: Guard): Promise<void> {
  const { state, lines } = await reservationOf(orderId);
  if (state === 'released') return tell('shop.stock.released.v1', orderId, lines, new Date().toISOString());
  if (state !== 'reserved') return;
  await move(orderId, lines, 'released', guard);
  await tell('shop.stock.released.v1', orderId, lines, new Date().toISOString());
}

async function move(orderId: string, lines: readonly Line[], to: 'sold' | 'released', guard: Guard): Promise<void> {
  const condition = conditionOf(guard, '#state = :reserved');
  const transaction = new TransactWriteCommand({
    TransactItems: [
      {
        Update: {
          TableName: reservations,
          Key: { orderId },
          UpdateExpression: 'SET #state = :to',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':to': to, ...(guard === 'once' ? { ':reserved': 'reserved' } : {}) },
          ...condition,
        },
      },
      ...lines.map(({ sku, quantity }) => ({
        Update: {
          TableName: shelves,
          Key: { sku },
          UpdateExpression: `ADD ${to === 'sold' ? 'sold' : 'available'} :quantity, reserved :gone`,
          ExpressionAttributeValues: { ':quantity': quantity, ':gone': -quantity },
        },
      })),
    ],
  });
  await tables.send(transaction).catch((error: unknown) => {
    if (reasonsOf(error)[0] !== 'ConditionalCheckFailed') throw error;
  });
}

/** Says once more what became of an order whose message came twice. */
async function repeat(orderId: string): Promise<void> {
  const { state, lines, time } = await reservationOf(orderId);
  await tell(state === 'rejected' ? 'shop.stock.rejected.v1' : 'shop.stock.reserved.v1', orderId, lines, time);
}

async function reservationOf(orderId: string): Promise<{ state?: State; lines: Line[]; time: string }> {
  const { Item } = await tables.send(
    new GetCommand({ TableName: reservations, Key: { orderId }, ConsistentRead: true }),
  );
  return { lines: [], time: '', ...Item };
}

const reasonsOf = (error: unknown) =>
  error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []).map(({ Code }) => Code) : [];

const tell = (type: Held['type'], orderId: string, items: Line[], time: string) =>
  publish(
    cloudEvent<Held>({
      type,
      source: '/shop/stock',
      id: `${orderId}.${type}`,
      subject: orderId,
      time,
      data: { orderId, items },
    }),
  );

/** Does what a message asks of stock. */
export async function hold(event: OrderPlaced | OrderConfirmed | OrderCancelled, guard: Guard): Promise<void> {
  if (event.type === 'shop.order.placed.v1') return reserve(event, guard);
  return event.type === 'shop.order.confirmed.v1' ? sell(event, guard) : release(event, guard);
}
