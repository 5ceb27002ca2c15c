import { orderCancelled, orderConfirmed, orderPlaced } from '../../contracts/order.ts';
import { stockReserved } from '../../contracts/stock.ts';
import type { Shelf } from '../../lambdas/stock/rules.ts';
import { type OrderRecords, sentTexts } from '../orders/records.ts';
import type { GatewayRecord } from '../sandbox/gateway.ts';
import type { DrillOrder, Phase } from './plan.ts';

/** What a drill counted when everything had come to rest. */
export type Audit = {
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
  /** Milliseconds from placed to reserved, and from a customer's cancellation to the text about it, per phase. */
  medians: Record<Phase, { placedToReserved: number | undefined; cancelledToText: number | undefined }>;
  /** Every order and number that does not add up. */
  problems: string[];
};

/** Everything an audit looks at, read after the queues came to rest. */
export type Evidence = {
  orders: readonly DrillOrder[];
  known: ReadonlyMap<string, OrderRecords>;
  money: readonly GatewayRecord[];
  shelf: Shelf;
  stocked: number;
  waiting: number;
  deadLettered: number;
};

/** Takes the evidence and gives the audit: each order is judged by what the gateway, the shelf and the texts say of it. */
export function auditDrill({ orders, known, money, shelf, stocked, waiting, deadLettered }: Evidence): Audit {
  const problems: string[] = [];
  const moneyOf = Map.groupBy(money, ({ orderId }) => orderId);
  let [confirmed, cancelled, captured, refunded, texts] = [0, 0, 0, 0, 0];
  for (const { order, cancelled: unwanted } of orders) {
    const record = known.get(order.orderId) ?? {};
    const charges = moneyOf.get(order.orderId) ?? [];
    const captures = charges.filter(({ kind }) => kind === 'capture');
    const refunds = charges.filter(({ kind }) => kind === 'refund');
    const sent = sentTexts(record.notification).length;
    const status = record.order?.status ?? 'unknown';
    if (status === 'CONFIRMED') confirmed += 1;
    if (status === 'CANCELLED') cancelled += 1;
    captured += captures.length;
    refunded += refunds.length;
    texts += sent;

    const wrong: string[] = [];
    if (status !== 'CONFIRMED' && !(unwanted && status === 'CANCELLED')) wrong.push(`is ${status}`);
    if (captures.length > 1 || refunds.length > 1) wrong.push('was charged or refunded more than once');
    if (captures.length - refunds.length !== (status === 'CONFIRMED' ? 1 : 0)) {
      wrong.push(`is ${status} with ${captures.length} captures and ${refunds.length} refunds`);
    }
    if (captures.some(({ amount }) => amount !== order.total.amount)) wrong.push('was charged another amount');
    if (sent !== 1) wrong.push(`got ${sent} texts`);
    if (wrong.length > 0) problems.push(`${order.orderId} ${wrong.join(', ')}`);
  }
  if (shelf.available + shelf.reserved + shelf.sold !== stocked) problems.push('pieces are missing from the shelf');
  if (shelf.reserved !== 0) problems.push(`${shelf.reserved} pieces are held for nobody`);
  if (shelf.sold !== confirmed) problems.push(`${shelf.sold} pieces were sold to ${confirmed} buyers`);
  if (waiting > 0) problems.push(`${waiting} messages still wait`);
  if (deadLettered > 0) problems.push(`${deadLettered} messages were dead-lettered`);
  const { available, reserved, sold } = shelf;
  const counts = { accepted: orders.length, confirmed, cancelled, waiting, deadLettered, captured, refunded };
  return { ...counts, reserved, sold, available, texts, medians: mediansOf(orders, known), problems };
}

function mediansOf(orders: readonly DrillOrder[], known: ReadonlyMap<string, OrderRecords>): Audit['medians'] {
  const of = (phase: Phase) => {
    const records = orders.filter((one) => one.phase === phase).map((one) => known.get(one.order.orderId) ?? {});
    return {
      placedToReserved: median(
        records.map((record) => between(timeOf(record, orderPlaced.type), timeOf(record, stockReserved.type))),
      ),
      cancelledToText: median(records.map(cancellationToText)),
    };
  };
  return { before: of('before'), during: of('during'), after: of('after') };
}

function cancellationToText(record: OrderRecords): number | undefined {
  if (timeOf(record, orderConfirmed.type) !== undefined) return undefined;
  return between(timeOf(record, orderCancelled.type), sentTexts(record.notification)[0]?.sentAt);
}

const timeOf = ({ order }: OrderRecords, type: string) => order?.timeline.find((entry) => entry.type === type)?.time;

const between = (from: string | undefined, until: string | undefined) =>
  from === undefined || until === undefined ? undefined : Date.parse(until) - Date.parse(from);

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((one, other) => one - other);
  return known[Math.floor(known.length / 2)];
}
