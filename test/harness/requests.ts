import { orderRefundRequested, orderShipped } from '../../contracts/order.ts';
import type { PlacedOrders, QueuedMessage, RefundRequest, ShopState, TestOrder } from './shop-state.ts';

/** What a consumer refused of what was asked for after an order's confirmation: its message is a dead letter. */
type Refusal = { consumer: string; type: string; orderId: string; refundId?: string };

/** Reads which request a dead letter is; undefined if it is none that a rule has refused. */
function refusalIn({ consumer, body, attributes }: QueuedMessage): Refusal | undefined {
  if (attributes.errorType !== 'ConflictError') return undefined;
  const { type, data } = JSON.parse(body) as { type: string; data: { orderId: string; refundId?: string } };
  return type === orderShipped.type || type === orderRefundRequested.type ? { consumer, type, ...data } : undefined;
}

/** Tells whether a consumer refused a refund of an order. */
const isRefused = ({ deadLetters }: ShopState, consumer: string, orderId: string, refundId: string) =>
  deadLetters
    .map(refusalIn)
    .some((one) => one?.consumer === consumer && one.orderId === orderId && one.refundId === refundId);

const piecesOf = ({ items = [] }: RefundRequest, which: (item: { restock?: boolean }) => boolean = () => true) =>
  items.reduce((sum, item) => sum + (which(item) ? item.quantity : 0), 0);

/** The refunds of an order that stock counted back: those that it did not refuse. */
const countedBack = ({ refunds }: PlacedOrders, state: ShopState, orderId: string) =>
  (refunds?.get(orderId) ?? []).filter(
    (request) => piecesOf(request) > 0 && !isRefused(state, 'stock', orderId, request.refundId),
  );

/** Counts the pieces of an order that came back, and those of them that are on the shelf. */
export function returnedOf(placed: PlacedOrders, state: ShopState, { orderId }: TestOrder) {
  const counted = countedBack(placed, state, orderId);
  const sum = (which?: (item: { restock?: boolean }) => boolean) =>
    counted.reduce((total, request) => total + piecesOf(request, which), 0);
  return { returned: sum(), restocked: sum(({ restock }) => restock === true) };
}

/**
 * Tells whether a dead letter is a request that a consumer has to refuse: of an order that is cancelled, or not confirmed yet, or beyond what
 * was captured or sold.
 */
export function isRightlyRefused(placed: PlacedOrders, state: ShopState, letter: QueuedMessage): boolean {
  const refusal = refusalIn(letter);
  const order = placed.orders.get(refusal?.orderId ?? '');
  if (refusal === undefined || order === undefined) return false;
  const { orderId } = order;
  const { status, dispatched, contradiction } = state.orders.get(orderId) ?? {};
  if (refusal.type === orderShipped.type) return refusal.consumer === 'order' && dispatched !== true;
  if (status !== 'CONFIRMED') return ['payment', 'stock'].includes(refusal.consumer);
  const all = placed.refunds?.get(orderId) ?? [];
  const request = all.find(({ refundId }) => refundId === refusal.refundId);
  if (request === undefined) return false;
  const done = all.filter(({ refundId }) => !isRefused(state, refusal.consumer, orderId, refundId));
  const isBeyond = (most: number, of: (one: RefundRequest) => number) =>
    done.reduce((sum, one) => sum + of(one), of(request)) > most;
  switch (refusal.consumer) {
    case 'payment': {
      const captured = contradiction === 'not-captured-after-shipping' ? 0 : order.quantity * order.unitPrice;
      return isBeyond(captured, ({ amount }) => amount);
    }
    case 'stock':
      return isBeyond(order.quantity, piecesOf);
    default:
      return false;
  }
}

/**
 * Finds what was asked for after the confirmation and neither done nor refused, and what was done that nobody asked for. Money: by the
 * gateway's book, or by a person, as the payment's record says.
 */
export function unansweredRequests(placed: PlacedOrders, state: ShopState, { orderId }: TestOrder): string[] {
  const asked = placed.refunds?.get(orderId) ?? [];
  const book = state.charges.filter((charge) => charge.orderId === orderId && charge.kind === 'refund');
  const due = state.payments?.get(orderId)?.refunds?.filter((refund) => refund.state === 'due') ?? [];
  const isAnswered = ({ refundId, amount }: RefundRequest) =>
    amount === 0 ||
    [...book, ...due].some((one) => one.refundId === refundId && one.amount === amount) ||
    isRefused(state, 'payment', orderId, refundId);
  const unasked = book.filter(
    ({ refundId }) => refundId !== 'cancel' && !asked.some((one) => one.refundId === refundId),
  );
  return [
    ...asked.filter((one) => !isAnswered(one)).map(({ refundId }) => `I1: ${orderId} was never refunded ${refundId}`),
    ...unasked.map(({ refundId }) => `I1: ${orderId} was refunded ${refundId}, for which nobody asked`),
    ...unansweredShipment(placed, state, orderId),
  ];
}

/** I6: an order that shipped stays confirmed and knows it, or a dead letter names it. */
function unansweredShipment({ shipped }: PlacedOrders, state: ShopState, orderId: string): string[] {
  if (!shipped?.has(orderId)) return [];
  const { status, dispatched } = state.orders.get(orderId) ?? {};
  const isNamed = state.deadLetters
    .map(refusalIn)
    .some((one) => one?.type === orderShipped.type && one.orderId === orderId);
  const isNoted = status === 'CONFIRMED' && dispatched === true;
  return isNoted || isNamed ? [] : [`I6: ${orderId} shipped and is ${status}, and nobody knows`];
}
