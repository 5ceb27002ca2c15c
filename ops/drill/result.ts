import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { stockReserved } from '../../contracts/stock.ts';
import type { Shelf } from '../../lambdas/stock/rules.ts';
import { type OrderRecords, sentTexts } from '../orders/records.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { DrillOrder, OutagePeriod } from './plan.ts';

/** The counts of a drill once the queues are empty, as `--json` prints them. */
export type DrillResult = {
  accepted: number;
  confirmed: number;
  cancelled: number;
  waiting: number;
  deadLettered: number;
  captured: number;
  refunded: number;
  reserved: number;
  sold: number;
  available: number;
  texts: number;
  /** Median milliseconds from placed to reserved, and from a customer's cancellation to the text about it. */
  medians: Record<OutagePeriod, { placedToReserved: number | undefined; cancelledToText: number | undefined }>;
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
  deadLettered: number;
};

type ObservedOrder = {
  planned: DrillOrder;
  status: string;
  captures: readonly GatewayRecord[];
  refunds: readonly GatewayRecord[];
  texts: number;
};

/** Counts orders, money, goods and texts, and checks each order against the gateway's record, the shelf and the texts. */
export function drillResult(observations: DrillObservations): DrillResult {
  const { orders, records, money, shelf, waiting, deadLettered } = observations;
  const moneyByOrder = Map.groupBy(money, ({ orderId }) => orderId);
  const observed = orders.map((planned): ObservedOrder => {
    const { orderId } = planned.order;
    const { order, notification } = records.get(orderId) ?? {};
    const moved = moneyByOrder.get(orderId) ?? [];
    return {
      planned,
      status: order?.status ?? 'unknown',
      captures: moved.filter(({ kind }) => kind === 'capture'),
      refunds: moved.filter(({ kind }) => kind === 'refund'),
      texts: sentTexts(notification).length,
    };
  });
  const sum = (count: (one: ObservedOrder) => number) => observed.reduce((total, one) => total + count(one), 0);
  const confirmed = sum(({ status }) => (status === 'CONFIRMED' ? 1 : 0));
  return {
    accepted: orders.length,
    confirmed,
    cancelled: sum(({ status }) => (status === 'CANCELLED' ? 1 : 0)),
    waiting,
    deadLettered,
    captured: sum(({ captures }) => captures.length),
    refunded: sum(({ refunds }) => refunds.length),
    reserved: shelf.reserved,
    sold: shelf.sold,
    available: shelf.available,
    texts: sum(({ texts }) => texts),
    medians: mediansOf(orders, records),
    problems: [...observed.flatMap(orderProblems), ...totalProblems(observations, confirmed)],
  };
}

function orderProblems({ planned, status, captures, refunds, texts }: ObservedOrder): string[] {
  const { order, cancelled } = planned;
  const problems: string[] = [];
  if (status !== 'CONFIRMED' && !(cancelled && status === 'CANCELLED')) problems.push(`is ${status}`);
  if (captures.length > 1 || refunds.length > 1) problems.push('was charged or refunded more than once');
  if (captures.length - refunds.length !== (status === 'CONFIRMED' ? 1 : 0)) {
    problems.push(`is ${status} with ${captures.length} captures and ${refunds.length} refunds`);
  }
  if (captures.some(({ amount }) => amount !== order.total.amount)) problems.push('was charged another amount');
  if (texts !== 1) problems.push(`got ${texts} texts`);
  return problems.length === 0 ? [] : [`${order.orderId} ${problems.join(', ')}`];
}

function totalProblems({ shelf, stocked, waiting, deadLettered }: DrillObservations, confirmed: number): string[] {
  const problems: string[] = [];
  if (shelf.available + shelf.reserved + shelf.sold !== stocked) problems.push('pieces are missing from the shelf');
  if (shelf.reserved !== 0) problems.push(`${shelf.reserved} pieces are still reserved`);
  if (shelf.sold !== confirmed) problems.push(`${shelf.sold} pieces were sold to ${confirmed} buyers`);
  if (waiting > 0) problems.push(`${waiting} messages still wait`);
  if (deadLettered > 0) problems.push(`${deadLettered} messages were dead-lettered`);
  return problems;
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
