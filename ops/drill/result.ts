import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { stockReserved } from '../../contracts/stock.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import { plural } from '../format.ts';
import { bookProblem } from '../orders/book.ts';
import { PARTIAL_REFUND } from '../orders/follow-up.ts';
import { isPaymentPending, type OrderRecords, sentTexts } from '../orders/records.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { DrillOrder, OutagePeriod } from './plan.ts';

// The rest is in the document.
const MAX_NAMED_ORDERS = 5;

/** The counts of a drill once the queues are empty, as `--json` prints them. */
export type DrillResult = {
  accepted: number;
  confirmed: number;
  cancelled: number;
  /** Of the cancelled ones: those that were confirmed before. */
  cancelledAfterConfirmation: number;
  refundedInPart: number;
  waiting: number;
  deadLettered: number;
  authorized: number;
  captured: number;
  voided: number;
  refunded: number;
  reserved: number;
  sold: number;
  available: number;
  texts: number;
  /** Median milliseconds from placed to reserved, and from a customer's cancellation to the text about it. */
  medians: Record<OutagePeriod, { placedToReserved: number | undefined; cancelledToText: number | undefined }>;
  /** The orders that what waits belongs to: those of the drill, and others. */
  waitingOrders: string[];
  /** Every order and count that violates an invariant. */
  problems: string[];
};

/** The orders of a drill and everything the shop has on record of them once the queues are empty. */
export type DrillObservations = {
  orders: readonly DrillOrder[];
  records: ReadonlyMap<string, OrderRecords>;
  money: readonly GatewayRecord[];
  shelf: Shelf;
  stocked: number;
  waiting: number;
  /** The orders of the whole shop that are undecided, or have a message which is to be tried again; read only where messages wait. */
  waitingOrders: readonly string[];
  deadLettered: number;
};

type ObservedOrder = {
  planned: DrillOrder;
  status: string;
  money: readonly GatewayRecord[];
  texts: readonly string[];
  wasConfirmed: boolean;
};

/** Counts orders, money, goods and texts, and checks each order against the gateway's record, the shelf and the texts. */
export function drillResult(observations: DrillObservations): DrillResult {
  const { orders, records, money, shelf, waiting, deadLettered } = observations;
  const moneyByOrder = Map.groupBy(money, ({ orderId }) => orderId);
  const observed = orders.map((planned): ObservedOrder => {
    const { orderId } = planned.order;
    const { order, notification } = records.get(orderId) ?? {};
    return {
      planned,
      status: order?.status ?? 'unknown',
      money: moneyByOrder.get(orderId) ?? [],
      texts: sentTexts(notification).map(({ template }) => template),
      wasConfirmed: order?.timeline.some(({ type }) => type === orderConfirmed.type) ?? false,
    };
  });
  const sum = (count: (one: ObservedOrder) => number) => observed.reduce((total, one) => total + count(one), 0);
  const confirmed = sum(({ status }) => (status === 'CONFIRMED' ? 1 : 0));
  const waitingOrders = waiting === 0 ? [] : ordersThatWait(observations);
  return {
    accepted: orders.length,
    confirmed,
    cancelled: sum(({ status }) => (status === 'CANCELLED' ? 1 : 0)),
    cancelledAfterConfirmation: sum(({ status, wasConfirmed }) => (status === 'CANCELLED' && wasConfirmed ? 1 : 0)),
    refundedInPart: sum(({ status, money: own }) => (status === 'CONFIRMED' && own.some(isRefund) ? 1 : 0)),
    waiting,
    deadLettered,
    authorized: sum(count('authorization')),
    captured: sum(count('capture')),
    voided: sum(count('void')),
    refunded: sum(count('refund')),
    reserved: shelf.reserved,
    sold: shelf.sold,
    available: shelf.available,
    texts: sum(({ texts }) => texts.length),
    medians: mediansOf(orders, records),
    waitingOrders,
    problems: [...totalProblems(observations, confirmed, waitingOrders), ...observed.flatMap(orderProblems)],
  };
}

const count =
  (kind: GatewayRecord['kind']) =>
  ({ money }: Pick<ObservedOrder, 'money'>): number =>
    money.filter((entry) => entry.kind === kind).length;

/** Returns the orders that messages may wait for: those that are undecided, or whose payment is, as far as the records tell. */
function ordersThatWait({ orders, records, waitingOrders }: DrillObservations): string[] {
  const own = orders
    .map(({ order }) => order.orderId)
    .filter((id) => {
      const { order, payment } = records.get(id) ?? {};
      return (order?.status ?? 'PLACED') === 'PLACED' || isPaymentPending(payment?.state);
    });
  return [...new Set([...waitingOrders, ...own])];
}

const isRefund = ({ kind }: GatewayRecord): boolean => kind === 'refund';

function orderProblems(observed: ObservedOrder): string[] {
  const { planned, status, money, texts } = observed;
  const { order, followUp } = planned;
  const problems: string[] = [];
  if (status !== expectedStatus(planned)) problems.push(`is ${status}`);
  const refunds = followUp === 'refund' ? [PARTIAL_REFUND] : [];
  problems.push(...bookProblem({ order, status, refunds, money }).map(({ problem }) => problem));
  const isOther = (entry: GatewayRecord) => !isRefund(entry) && entry.amount !== order.total.amount;
  if (money.some(isOther)) problems.push('has another amount on record');
  if (!areExpected(texts, planned)) problems.push(`got ${texts.length === 0 ? 'no text' : texts.join(', ')}`);
  return problems.length === 0 ? [] : [`${order.orderId} ${problems.join(', ')}`];
}

/** A customer's cancellation takes effect, as nothing ships in a drill. */
const expectedStatus = ({ cancelled, followUp }: DrillOrder) =>
  cancelled || followUp === 'cancellation' ? 'CANCELLED' : 'CONFIRMED';

function areExpected(texts: readonly string[], planned: DrillOrder): boolean {
  const sent = [...texts].sort().join();
  if (expectedStatus(planned) === 'CONFIRMED')
    return sent === (planned.followUp === 'refund' ? 'order-confirmed,order-refunded' : 'order-confirmed');
  // The text of a confirmation that was not sent yet is superseded.
  return sent === 'order-cancelled' || sent === 'order-cancelled,order-confirmed';
}

function totalProblems(
  { orders, shelf, stocked, waiting, deadLettered }: DrillObservations,
  confirmed: number,
  waitingOrders: readonly string[],
): string[] {
  const problems: string[] = [];
  // First, because an order whose message waits has other problems too.
  if (waiting > 0)
    problems.push(`${plural(waiting, 'message still waits', 'messages still wait')}, ${ofOrders(waitingOrders)}`);
  // A piece that came back stays in what was sold, and is for sale again.
  const returned = orders.filter(({ followUp }) => followUp === 'refund').length;
  const pieces = shelf.available + shelf.reserved + shelf.sold;
  if (pieces !== stocked + returned)
    problems.push(`the shelf has ${plural(pieces, 'piece')} in all instead of ${stocked + returned}`);
  if (shelf.reserved !== 0) problems.push(`${plural(shelf.reserved, 'piece is', 'pieces are')} still reserved`);
  if (shelf.sold !== confirmed)
    problems.push(`${plural(shelf.sold, 'piece was', 'pieces were')} sold to ${plural(confirmed, 'buyer')}`);
  if (deadLettered > 0) problems.push(`${plural(deadLettered, 'message was', 'messages were')} dead-lettered`);
  return problems;
}

function ofOrders(orderIds: readonly string[]): string {
  if (orderIds.length === 0) return 'of orders that neither the records nor the logs name';
  const named = orderIds.slice(0, MAX_NAMED_ORDERS).join(', ');
  const more = orderIds.length - MAX_NAMED_ORDERS;
  return `of ${orderIds.length === 1 ? 'order' : 'orders'} ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

function mediansOf(orders: readonly DrillOrder[], records: ReadonlyMap<string, OrderRecords>): DrillResult['medians'] {
  const of = (period: OutagePeriod) => {
    const ofPeriod = orders.filter((one) => one.period === period).map((one) => records.get(one.order.orderId) ?? {});
    return {
      placedToReserved: median(ofPeriod.map(placedToReserved)),
      cancelledToText: median(ofPeriod.map(cancelledToText)),
    };
  };
  return { before: of('before'), during: of('during'), after: of('after') };
}

const placedToReserved = (record: OrderRecords): number | undefined =>
  millisecondsBetween(timeOf(record, orderPlaced.type), timeOf(record, stockReserved.type));

function cancelledToText(record: OrderRecords): number | undefined {
  if (timeOf(record, orderConfirmed.type) !== undefined) return undefined;
  return millisecondsBetween(timeOf(record, orderCancelled.type), sentTexts(record.notification)[0]?.sentAt);
}

const timeOf = ({ order }: OrderRecords, type: string) => order?.timeline.find((entry) => entry.type === type)?.time;

const millisecondsBetween = (from: string | undefined, until: string | undefined) =>
  from === undefined || until === undefined ? undefined : Date.parse(until) - Date.parse(from);

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((one, other) => one - other);
  return known[Math.floor(known.length / 2)];
}
