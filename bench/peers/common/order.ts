import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import type { Money } from '../../../contracts/money.ts';
import type { Line, OrderConfirmed } from '../../../contracts/order.ts';
import type { PaymentAuthorized, PaymentCaptured } from '../../../contracts/payment.ts';
import type { StockReserved } from '../../../contracts/stock.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { cloudEvent } from './cloud-event.ts';
import { publishStep } from './feed.ts';
import type { PlacedOrder } from './placed-order.ts';
import { publish } from './publish.ts';
import { conditionOf, isConditionFailure, tables, type WriteMode } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
const source = '/shop/order';
const CONFIRMED = 'shop.order.confirmed.v1';
const CAPTURED = 'shop.payment.captured.v1';

type Order = {
  orderId: string;
  status?: 'PLACED' | 'CONFIRMED';
  total: Money;
  items: Line[];
  payment?: 'authorized';
  captured?: true;
  stock?: 'reserved';
  timeline: { time: string; type: string; source: string }[];
};

type OrderEvent = PlacedOrder | PaymentAuthorized | PaymentCaptured | StockReserved;

/**
 * Records an event of an order, publishes it as a step, and confirms the order once it is authorized and reserved; its capture comes
 * afterwards. Each event is one write that returns the whole order, so nothing is read. Steps handled side by side may overtake each other on the feed; each has a number.
 */
export async function handle(event: OrderEvent, mode: WriteMode): Promise<void> {
  const { order, isNew } = await recordEvent(event, mode);
  await publishOrderStep(order, event.type);
  if (event.type === CAPTURED) return;
  if (order.status === 'CONFIRMED' && !isNew) return publishConfirmation(order);
  if (!isNew || order.status !== 'PLACED' || order.payment === undefined || order.stock === undefined) return;
  const confirmed = await confirm(order);
  if (confirmed !== undefined) await publishConfirmation(confirmed);
}

/** The fields that an event adds to its order; the first one marks that it was recorded. */
function changesOf(event: OrderEvent, now: string): Record<string, unknown> {
  if (event.type === 'shop.payment.authorized.v1') return { payment: 'authorized' };
  if (event.type === CAPTURED) return { captured: true };
  if (event.type === 'shop.stock.reserved.v1') return { stock: 'reserved' };
  const { orderId, total, items } = event.data;
  const goods = items.map(({ sku, quantity }) => ({ sku, quantity }));
  // The index of undecided orders has eight shards.
  const open = `open-${orderId.charCodeAt(orderId.length - 1) % 8}`;
  return { status: 'PLACED', total, items: goods, open, openSince: now };
}

async function recordEvent(event: OrderEvent, mode: WriteMode): Promise<{ order: Order; isNew: boolean }> {
  const { orderId } = event.data;
  const now = new Date().toISOString();
  const fields = Object.entries(changesOf(event, now));
  const entry = { time: event.time ?? now, type: event.type, source: event.source };
  const [mark] = fields[0] ?? [];
  try {
    const { Attributes } = await tables.send(
      new UpdateCommand({
        TableName,
        Key: { orderId },
        UpdateExpression: `SET timeline = list_append(if_not_exists(timeline, :none), :entry), ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ':none': [],
          ':entry': [entry],
          ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
        },
        ReturnValues: 'ALL_NEW',
        ...conditionOf(mode, `attribute_not_exists(#${mark})`),
      }),
    );
    return { order: Attributes as Order, isNew: true };
  } catch (error) {
    if (!isConditionFailure(error) || error.Item === undefined) throw error;
    return { order: unmarshall(error.Item) as Order, isNew: false };
  }
}

/** Writes the confirmation; `undefined` if the order was confirmed before. */
async function confirm({ orderId }: Order): Promise<Order | undefined> {
  const entry = { time: new Date().toISOString(), type: CONFIRMED, source };
  const update = new UpdateCommand({
    TableName,
    Key: { orderId },
    UpdateExpression: 'SET #status = :status, timeline = list_append(timeline, :entry) REMOVE #open, openSince',
    ConditionExpression: '#status = :placed',
    ExpressionAttributeNames: { '#status': 'status', '#open': 'open' },
    ExpressionAttributeValues: { ':placed': 'PLACED', ':status': 'CONFIRMED', ':entry': [entry] },
    ReturnValues: 'ALL_NEW',
  });
  try {
    return (await tables.send(update)).Attributes as Order;
  } catch (error) {
    if (isConditionFailure(error)) return undefined;
    throw error;
  }
}

async function publishOrderStep({ orderId, timeline, items }: Order, type: string): Promise<void> {
  const index = timeline.findIndex((entry) => entry.type === type);
  await publishStep(
    cloudEvent<OrderProgressed>({
      type: 'shop.order.progressed.v1',
      source,
      id: `${orderId}.${index + 1}`,
      subject: orderId,
      time: timeline[index]?.time ?? '',
      data: {
        orderId,
        sequence: index + 1,
        step: type,
        ...(type === 'shop.order.placed.v1' ? { status: 'PLACED' as const } : {}),
        ...(type === CONFIRMED ? { status: 'CONFIRMED' as const, items } : {}),
      },
    }),
  );
}

async function publishConfirmation(order: Order): Promise<void> {
  const { orderId, items, total, timeline } = order;
  await publishOrderStep(order, CONFIRMED);
  const time = timeline.find((entry) => entry.type === CONFIRMED)?.time ?? '';
  // Every order here is paid with a token.
  const data = { orderId, items, total, payment: { kind: 'token' as const } };
  await publish(
    cloudEvent<OrderConfirmed>({ type: CONFIRMED, source, id: `${orderId}.confirmed`, subject: orderId, time, data }),
  );
}
