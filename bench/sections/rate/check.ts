import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Contestant } from '../../figure.ts';
import type { Text } from '../../memory/bus.ts';
import { PIECES, tablesOf } from './shop.ts';

type Found = { orderId: string; status?: string; kind?: string; available?: number; reserved?: number; sold?: number };

/** What a contestant was given in all its runs, and what came of it outside the tables. */
export type Given = {
  contestant: Contestant;
  orderIds: readonly string[];
  texts: readonly Text[];
  deadLetters: number;
};

/**
 * Fails with every broken promise: each order confirmed, charged once and texted once, what was sold is what was ordered, nothing held,
 * nothing in a dead-letter queue. The same for everybody.
 */
export async function check(
  { contestant, orderIds, texts, deadLetters }: Given,
  client: DynamoDBClient,
): Promise<void> {
  const tables = tablesOf(contestant);
  const [orders, charges, shelves] = await Promise.all(
    [tables.orders, tables.gateway, tables.shelves].map((table) => scan(table, client)),
  );
  const statuses = new Map(orders?.map(({ orderId, status }) => [orderId, status]));
  const captures = counted((charges ?? []).filter(({ kind }) => kind === 'capture'));
  const sent = counted(texts);
  const broken = orderIds.flatMap((orderId) => [
    ...(statuses.get(orderId) === 'CONFIRMED' ? [] : [`${orderId} is ${statuses.get(orderId)}`]),
    ...(captures.get(orderId) === 1 ? [] : [`${orderId} was charged ${captures.get(orderId) ?? 0} times`]),
    ...(sent.get(orderId) === 1 ? [] : [`${orderId} was texted ${sent.get(orderId) ?? 0} times`]),
  ]);
  const sum = (name: 'available' | 'reserved' | 'sold') =>
    (shelves ?? []).reduce((total, shelf) => total + (shelf[name] ?? 0), 0);
  if (sum('sold') !== orderIds.length || sum('reserved') !== 0 || statuses.size !== orderIds.length) {
    broken.push(
      `${sum('sold')} sold and ${sum('reserved')} held for ${orderIds.length} orders, ${statuses.size} on record`,
    );
  }
  if (sum('available') + sum('sold') !== PIECES * (shelves?.length ?? 0)) broken.push('the shelves do not add up');
  if (deadLetters !== 0) broken.push(`${deadLetters} dead letters`);
  if (broken.length > 0) {
    throw new Error(`${contestant} broke ${broken.length} promises: ${broken.slice(0, 5).join('; ')}`);
  }
}

async function scan(TableName: string, client: DynamoDBClient): Promise<Found[]> {
  const items: Found[] = [];
  const pages = paginateScan({ client: DynamoDBDocumentClient.from(client) }, { TableName, ConsistentRead: true });
  for await (const { Items = [] } of pages) items.push(...(Items as Found[]));
  return items;
}

function counted(found: readonly { orderId: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { orderId } of found) counts.set(orderId, (counts.get(orderId) ?? 0) + 1);
  return counts;
}
