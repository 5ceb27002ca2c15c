import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import type { Money } from '../../../contracts/money.ts';
import type {
  CancelReason,
  Line,
  OrderCancelled,
  OrderCancelRequested,
  OrderConfirmed,
  OrderDeadlinePassed,
  OrderPlaced,
} from '../../../contracts/order.ts';
import type { PaymentCaptured, PaymentDeclined, PaymentRefunded } from '../../../contracts/payment.ts';
import type { StockRejected, StockReleased, StockReserved } from '../../../contracts/stock.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { publishStep } from './feed.ts';
import { cloudEvent, publish } from './publish.ts';
import { conditionOf, type Guard, isRefusal, tables } from './table.ts';

const TableName = requireEnv('TABLE_NAME');
const source = '/shop/order';

type Status = 'PLACED' | 'CONFIRMED' | 'CANCELLED';
type Order = {
  orderId: string;
  status?: Status;
  reason?: CancelReason;
  total?: Money;
  items?: Line[];
  payment?: 'captured' | 'declined';
  stock?: 'reserved' | 'rejected';
  cancelRequested?: true;
  timedOut?: true;
  timeline: { time: string; type: string; source: string }[];
};

/** What the peers' order consumers understand; reminders, which are off unless a setting turns them on, are left out. */
export type OrderInput =
  | OrderPlaced
  | OrderCancelRequested
  | OrderDeadlinePassed
  | PaymentCaptured
  | PaymentDeclined
  | PaymentRefunded
  | StockReserved
  | StockRejected
  | StockReleased;

/**
 * Notes what happened to an order, publishes it as a step, and decides once all is known. One write per event, whose answer is the
 * whole order, so nothing is read. Steps that are handled side by side may overtake each other on the feed; each has its number.
 */
export async function progress(event: OrderInput, guard: Guard): Promise<void> {
  const { order, isNew } = await note(event, guard);
  await tellStep(order, event.type);
  if (!isNew) return order.status === undefined || order.status === 'PLACED' ? undefined : tellDecision(order);
  const decision = decisionOf(order);
  const decided = decision && (await decide(order, decision));
  if (decided !== undefined) await tellDecision(decided);
}

/** What an event adds to its order: the first field is there once the event was noted. */
function learned(event: OrderInput, now: string): Partial<Order> & Record<string, unknown> {
  switch (event.type) {
    case 'shop.order.placed.v1': {
      const { orderId, total, items } = event.data;
      const goods = items.map(({ sku, quantity }) => ({ sku, quantity }));
      return { status: 'PLACED', total, items: goods, open: `open-${partOf(orderId)}`, openSince: now };
    }
    case 'shop.order.cancel-requested.v1':
      return { cancelRequested: true };
    case 'shop.order.deadline-passed.v1':
      return { timedOut: true };
    case 'shop.payment.captured.v1':
      return { payment: 'captured' };
    case 'shop.payment.declined.v1':
      return { payment: 'declined' };
    case 'shop.payment.refunded.v1':
      return { refunded: true };
    case 'shop.stock.reserved.v1':
      return { stock: 'reserved' };
    case 'shop.stock.rejected.v1':
      return { stock: 'rejected' };
    case 'shop.stock.released.v1':
      return { released: true };
  }
}

// The index of undecided orders, which the sweep goes through, is cut into eight parts.
const partOf = (orderId: string) => orderId.charCodeAt(orderId.length - 1) % 8;

async function note(event: OrderInput, guard: Guard): Promise<{ order: Order; isNew: boolean }> {
  const { orderId } = event.data;
  const now = new Date().toISOString();
  const fields = Object.entries(learned(event, now));
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
        ...conditionOf(guard, `attribute_not_exists(#${mark})`),
      }),
    );
    return { order: Attributes as Order, isNew: true };
  } catch (error) {
    if (!isRefusal(error) || error.Item === undefined) throw error;
    return { order: unmarshall(error.Item) as Order, isNew: false };
  }
}

function decisionOf({
  status,
  payment,
  stock,
  cancelRequested,
  timedOut,
}: Order): CancelReason | 'confirmed' | undefined {
  if (status !== 'PLACED') return undefined;
  if (cancelRequested) return 'customer';
  if (timedOut) return 'timed-out';
  if (payment === undefined || stock === undefined) return undefined;
  if (payment === 'declined') return 'payment-declined';
  return stock === 'rejected' ? 'out-of-stock' : 'confirmed';
}

/** Writes the decision, unless somebody else has; nobody decides twice. */
async function decide({ orderId }: Order, decision: CancelReason | 'confirmed'): Promise<Order | undefined> {
  const isConfirmed = decision === 'confirmed';
  const type = isConfirmed ? 'shop.order.confirmed.v1' : 'shop.order.cancelled.v1';
  try {
    const { Attributes } = await tables.send(
      new UpdateCommand({
        TableName,
        Key: { orderId },
        UpdateExpression: `SET #status = :status, timeline = list_append(timeline, :entry)${isConfirmed ? '' : ', reason = :reason'} REMOVE #open, openSince`,
        ConditionExpression: '#status = :placed',
        ExpressionAttributeNames: { '#status': 'status', '#open': 'open' },
        ExpressionAttributeValues: {
          ':placed': 'PLACED',
          ':status': isConfirmed ? 'CONFIRMED' : 'CANCELLED',
          ':entry': [{ time: new Date().toISOString(), type, source }],
          ...(isConfirmed ? {} : { ':reason': decision }),
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes as Order;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

async function tellStep({ orderId, timeline, status, reason, items = [] }: Order, type: string): Promise<void> {
  const index = timeline.findIndex((entry) => entry.type === type);
  const after = STATUS_AFTER[type];
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
        ...(after === undefined ? {} : { status: after }),
        ...(after === 'CANCELLED' && status === after && reason !== undefined ? { reason } : {}),
        ...(after === 'CONFIRMED' ? { items } : {}),
      },
    }),
  );
}

const STATUS_AFTER: Partial<Record<string, Status>> = {
  'shop.order.placed.v1': 'PLACED',
  'shop.order.confirmed.v1': 'CONFIRMED',
  'shop.order.cancelled.v1': 'CANCELLED',
};

async function tellDecision(order: Order): Promise<void> {
  const { orderId, status, reason = 'customer', items = [], total, timeline } = order;
  const type = status === 'CONFIRMED' ? 'shop.order.confirmed.v1' : 'shop.order.cancelled.v1';
  await tellStep(order, type);
  const time = timeline.find((entry) => entry.type === type)?.time ?? '';
  const about = { source, id: `${orderId}.decided`, subject: orderId, time } as const;
  if (type === 'shop.order.cancelled.v1')
    return publish(cloudEvent<OrderCancelled>({ ...about, type, data: { orderId, reason } }));
  if (total === undefined) throw new Error(`Order ${orderId} is confirmed and has no total`);
  await publish(cloudEvent<OrderConfirmed>({ ...about, type, data: { orderId, items, total } }));
}
