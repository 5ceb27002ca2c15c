import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as v from 'valibot';
import type { Money } from '../../contracts/money.ts';
import { type CancelReason, orderPlaced } from '../../contracts/order.ts';
import { deadlineShards, decidedShards, dueShards, untilShards } from '../../lambdas/order/open-orders.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { loadRecords } from '../../lambdas/runtime/records.ts';
import { isKnownId } from '../arguments.ts';
import type { DeployedShop } from '../stack.ts';
import { openOrdersQuery } from '../status/orders.ts';

/** An order in a list. `total` is null of one that was cancelled before it came; `placedAt` (ISO 8601) is then the time of its cancellation. */
export type RecentOrder = {
  orderId: string;
  orderNumber?: string;
  status: NonNullable<Order['status']>;
  reason?: CancelReason;
  total: Money | null;
  placedAt: string;
};

/** One page of orders; `next` leads to the one after it, where there is more. */
export type OrderPage = { orders: RecentOrder[]; next?: string };

/** Orders by a moment that is past: when they were placed, reminded of or decided. */
const PAST_SHARDS = [...deadlineShards, ...decidedShards];
/** Orders by a moment that may lie ahead: when their payment is due, or when the sweep looks at them again. */
const AHEAD_SHARDS = [...untilShards, ...dueShards];

export type RecentOrdersOptions = {
  /** The `next` of another page. */
  before?: string | undefined;
  /** @default 100 */
  limit?: number;
  /** Leaves out the orders that are decided. */
  undecided?: boolean;
};

/**
 * Lists the recent orders, newest first. A page takes one query of each shard of the sweep's index and the orders' records, however many orders
 * there are. Those whose moment may lie ahead are at most a half of a page, so that neither kind hides the other. `before` is the `next` of
 * another page; throws a sentence where it is not.
 */
export async function recentOrders(
  shop: DeployedShop,
  { before, limit = 100, undecided = false }: RecentOrdersOptions = {},
): Promise<OrderPage> {
  const [aheadShards, pastShards] = undecided ? [untilShards, deadlineShards] : [AHEAD_SHARDS, PAST_SHARDS];
  const from = before === undefined ? {} : parseCursor(before);
  const ahead = await newestOf(shop, aheadShards, from, Math.floor(limit / 2));
  const past = await newestOf(shop, pastShards, from, limit - ahead.orderIds.length);
  const orders = await loadOrders(shop, [...past.orderIds, ...ahead.orderIds]);
  const positions = { ...past.positions, ...ahead.positions };
  const hasMore = Object.values(positions).some((position) => position !== 'end');
  return { orders, ...(hasMore ? { next: toCursor(positions) } : {}) };
}

/** How many of the latest orders are searched for a number, which no index knows. */
const SEARCHED_ORDERS = 1_000;

/** Finds an order by its id, or else those of the latest thousand that have the number, with or without its leading `#`. */
export async function findOrders(shop: DeployedShop, text: string): Promise<RecentOrder[]> {
  const wanted = text.trim();
  if (!isKnownId(wanted)) return [];
  const byId = await loadOrders(shop, [wanted]);
  if (byId.length > 0) return byId;
  const { orders } = await recentOrders(shop, { limit: SEARCHED_ORDERS });
  return orders.filter(({ orderNumber }) => orderNumber !== undefined && bare(orderNumber) === bare(wanted));
}

const bare = (orderNumber: string): string => orderNumber.replace(/^#/, '');

/** How far a shard was read: not at all, up to the order with this moment and id, or to its end. */
const position = v.union([v.literal('start'), v.literal('end'), v.tuple([v.string(), v.string()])]);
type Position = v.InferOutput<typeof position>;
const positionsByShard = v.record(v.string(), position);
type Positions = Readonly<Record<string, Position>>;

const toCursor = (positions: Positions): string => Buffer.from(JSON.stringify(positions)).toString('base64url');

function parseCursor(text: string): Positions {
  try {
    return v.parse(positionsByShard, JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new Error('There is no such page of orders.');
  }
}

/** Reads the newest orders of some shards after the positions, and returns how far it has come. */
async function newestOf(
  shop: DeployedShop,
  shards: readonly string[],
  from: Positions,
  limit: number,
): Promise<{ orderIds: string[]; positions: Positions }> {
  const pages = await Promise.all(shards.map((shard) => newestOfShard(shop, shard, from[shard] ?? 'start', limit)));
  const taken = pages
    .flatMap(({ found }) => found)
    .sort((one, other) => Date.parse(other.since) - Date.parse(one.since))
    .slice(0, limit);
  const positions = pages.map(({ shard, found, isWhole }): [string, Position] => {
    const own = taken.filter((one) => one.shard === shard);
    if (isWhole && own.length === found.length) return [shard, 'end'];
    const last = own.at(-1);
    return [shard, last === undefined ? (from[shard] ?? 'start') : [last.since, last.orderId]];
  });
  return { orderIds: taken.map(({ orderId }) => orderId), positions: Object.fromEntries(positions) };
}

async function newestOfShard(shop: DeployedShop, shard: string, from: Position, limit: number) {
  if (from === 'end') return { shard, found: [], isWhole: true };
  const [openSince, orderId] = from === 'start' ? [] : from;
  const start = orderId === undefined ? {} : { ExclusiveStartKey: { open: shard, openSince, orderId } };
  const { Items = [], LastEvaluatedKey } = await shop.documents.send(
    new QueryCommand({ ...openOrdersQuery(shop, shard), ScanIndexForward: false, Limit: limit, ...start }),
  );
  const found = Items.map((item) => ({ shard, orderId: String(item.orderId), since: String(item.openSince) }));
  return { shard, found, isWhole: LastEvaluatedKey === undefined };
}

async function loadOrders(shop: DeployedShop, orderIds: readonly string[]): Promise<RecentOrder[]> {
  const records = await loadRecords<Order>(shop.output('OrdersTableName'), orderIds, shop.documents, false);
  return [...records.values()]
    .flatMap(toRecentOrder)
    .sort((one, other) => Date.parse(other.placedAt) - Date.parse(one.placedAt));
}

/** A record without a status, as where only outcomes have come, is no order yet. */
function toRecentOrder({ orderId, orderNumber, status, reason, total, timeline }: Order): RecentOrder[] {
  if (status === undefined) return [];
  const placed = timeline.find(({ type }) => type === orderPlaced.type) ?? timeline[0];
  return [
    {
      orderId,
      ...(orderNumber === undefined ? {} : { orderNumber }),
      status,
      ...(reason === undefined ? {} : { reason }),
      total: total ?? null,
      placedAt: placed?.time ?? '',
    },
  ];
}
