import { traceContextOf } from '../../contracts/cloud-event.ts';
import { type OrderRefundRequested, type ReturnedLine, sameGoods, sumBySku } from '../../contracts/order.ts';
import { ConflictError, WaitingError } from '../runtime/failure.ts';
import { returnedEvent } from './events.ts';
import { nameFew, type PlannedDelivery } from './plan.ts';
import { type Reservation, type Return, returnedPieces } from './record.ts';

// Payment keeps as many refunds of an order.
const MAX_RETURNS = 100;

type Items = NonNullable<OrderRefundRequested['data']['items']>;

/**
 * Plans a refund with which goods come back: counts them once per `refundId`, and puts those with `restock` on the shelf. Waits until the
 * order's goods are sold; throws `ConflictError` where there are none to come back, or more than were sold.
 */
export function planReturn(
  event: OrderRefundRequested,
  items: Items,
  before: Reservation | null,
  now: Date,
): PlannedDelivery {
  const { orderId, refundId, amount } = event.data;
  const lines = returnedLines(items);
  const returned = before?.returned ?? [];
  const known = returned.find((one) => one.refundId === refundId);
  if (known !== undefined) {
    if (!sameReturn(known.lines, lines))
      throw new ConflictError(`Refund ${refundId} of order ${orderId} came with other items before`, 'data.items');
    return { publish: [returnedEvent(orderId, known, traceContextOf(event))] };
  }
  if (before === null || before.state === 'reserved')
    throw new WaitingError(`Goods of order ${orderId} cannot come back yet: they are not sold`);
  if (before.state !== 'sold')
    throw new ConflictError(
      `No goods of order ${orderId} can come back: its reservation is ${before.state}`,
      'data.items',
    );
  checkSold(event, before, lines);
  const added: Return = { refundId, lines, ...(amount > 0 && { amount }), time: now.toISOString() };
  const restocked = sumBySku(lines.filter(({ restock }) => restock));
  return {
    write: { before, after: { orderId, state: 'sold', returned: [...returned, added] } },
    move: { lines: restocked, perPiece: { available: 1, reserved: 0, sold: 0 } },
    publish: [returnedEvent(orderId, added, traceContextOf(event))],
  };
}

/** Throws where more would be back than was sold. */
function checkSold(
  { data: { orderId, refundId } }: OrderRefundRequested,
  before: Reservation,
  lines: readonly ReturnedLine[],
): void {
  const { returned = [] } = before;
  if (returned.length >= MAX_RETURNS)
    throw new ConflictError(`Goods of order ${orderId} came back ${MAX_RETURNS} times already`, 'data.refundId');
  const sold = new Map(before.lines.map(({ sku, quantity }) => [sku, quantity]));
  const asked = new Set(lines.map(({ sku }) => sku));
  const beyond = sumBySku([...returnedPieces(before), ...lines]).filter(
    ({ sku, quantity }) => asked.has(sku) && quantity > (sold.get(sku) ?? 0),
  );
  if (beyond.length === 0) return;
  const named = beyond.map(({ sku, quantity }) => `${quantity} of ${sold.get(sku) ?? 0} sold pieces of ${sku}`);
  throw new ConflictError(
    `With refund ${refundId} of order ${orderId} more would be back than was sold: ${nameFew(named)}`,
    'data.items',
  );
}

/** Merges lines: at most one per SKU of what goes on the shelf, and one of what does not. */
function returnedLines(items: Items): ReturnedLine[] {
  const merge = (restock: boolean) =>
    sumBySku(items.filter((item) => (item.restock ?? false) === restock)).map((line) => ({ ...line, restock }));
  return [...merge(true), ...merge(false)];
}

/** Compares the pieces of each SKU, of what goes on the shelf and of what does not. */
export const sameReturn = (one: readonly ReturnedLine[], other: readonly ReturnedLine[]): boolean =>
  [true, false].every((restock) => {
    const part = (lines: readonly ReturnedLine[]) => lines.filter((line) => line.restock === restock);
    return sameGoods(part(one), part(other));
  });

/** Plans that goods of an order left: they are sold from then on, whatever is cancelled. Waits for an order that is not known. */
export function planDispatched(orderId: string, before: Reservation | null): PlannedDelivery {
  if (before === null) throw new WaitingError(`Goods of order ${orderId} left, and none are on record for it yet`);
  const isSold = before.state === 'sold';
  if ((!isSold && before.state !== 'reserved') || before.dispatched) return { publish: [] };
  return {
    write: { before, after: { orderId, state: 'sold', dispatched: true } },
    ...(isSold ? {} : { move: { lines: before.lines, perPiece: { available: 0, reserved: -1, sold: 1 } } }),
    publish: [],
  };
}
