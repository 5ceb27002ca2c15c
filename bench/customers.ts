import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { BatchGetCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Order } from '../lambdas/order/rules.ts';
import type { Shelf } from '../lambdas/stock/rules.ts';
import type { TestOrder } from '../test/deployed/deployed-shop.ts';
import type { Charge, ShopState } from '../test/faults/shop-state.ts';
import { violations } from '../test/faults/violations.ts';
import type { Shop } from './shop.ts';

/** What was put in: the orders by id, and how many pieces of each SKU were on the shelves. */
export type Demand = { orders: Map<string, TestOrder>; goods: Map<string, number> };

let demands = 0;

/**
 * Takes how many orders are wanted and how many of them share a SKU, and gives orders of one line each. Ids are the same in every
 * run of the benchmark and of one length, so that what they take is the same to the byte.
 */
export function demand(count: number, perSku = 1): Demand {
  demands += 1;
  const number = (index: number) => `${String(demands).padStart(4, '0')}-${String(index).padStart(6, '0')}`;
  const wishes = Array.from({ length: count }, (_, index) => ({
    orderId: `bench-${number(index)}`,
    sku: `SKU-${number(Math.floor(index / perSku))}`,
    quantity: 1,
    token: 'tok_visa',
    phone: `+8210${String(demands * 10_000 + index).padStart(8, '0')}`,
    locale: 'ko',
    unitPrice: 12_000,
  }));
  const goods = new Map<string, number>();
  for (const { sku } of wishes) goods.set(sku, (goods.get(sku) ?? 0) + 1);
  return { orders: new Map(wishes.map((wish) => [wish.orderId, wish])), goods };
}

/** Puts the goods on the shelves and publishes the orders on the topic, as existing services do. */
export async function place({ connection, output }: Shop, { orders, goods }: Demand): Promise<void> {
  const tables = DynamoDBDocumentClient.from(new DynamoDBClient(connection));
  for (const [sku, available] of goods) {
    const Item = { sku, available, reserved: 0, sold: 0 };
    await tables.send(new PutCommand({ TableName: output('StockTableName'), Item }));
  }
  const sns = new SNSClient(connection);
  const messages = [...orders.values()].map(messageOf);
  for (let start = 0; start < messages.length; start += 10) {
    const PublishBatchRequestEntries = messages
      .slice(start, start + 10)
      .map((message, index) => ({ Id: `${index}`, Message: JSON.stringify(message) }));
    const { Failed = [] } = await sns.send(
      new PublishBatchCommand({ TopicArn: output('OrdersTopicArn'), PublishBatchRequestEntries }),
    );
    if (Failed.length > 0) throw new Error(`${Failed.length} orders were not taken`);
  }
}

/** Takes an order and gives the message that places it. */
export const messageOf = ({ orderId, sku, quantity, token, phone, locale, unitPrice }: TestOrder) => ({
  specversion: '1.0',
  id: `${orderId}.placed`,
  source: '/shop/checkout',
  type: 'shop.order.placed.v1',
  data: {
    orderId,
    customer: { id: 'c-7', phone, locale },
    payment: { token },
    items: [{ sku, quantity, unitPrice }],
    total: { amount: quantity * unitPrice, currency: 'KRW' },
  },
});

/** Looks at the shop from outside and throws with every broken promise, and where an order was not confirmed. */
export async function checkShop(shop: Shop, demand: Demand, log: string): Promise<void> {
  const world = await look(shop, demand);
  const observed = { ledger: demand, statuses: new Map(), negatives: [], logged: () => log };
  const undecided = [...demand.orders.keys()].filter((orderId) => world.orders.get(orderId)?.status !== 'CONFIRMED');
  const broken = [...violations(observed, world), ...undecided.map((orderId) => `${orderId} is not confirmed`)];
  if (broken.length > 0) throw new Error(`${broken.length} promises are broken:\n${broken.slice(0, 10).join('\n')}`);
}

async function look({ connection, output }: Shop, { orders, goods }: Demand): Promise<ShopState> {
  const tables = DynamoDBDocumentClient.from(new DynamoDBClient(connection));
  const items = async <T>(table: string, key: string, values: readonly string[]) => {
    const found = new Map<string, T>();
    for (let start = 0; start < values.length; start += 100) {
      const Keys = values.slice(start, start + 100).map((value) => ({ [key]: value }));
      const RequestItems = { [output(table)]: { Keys, ConsistentRead: true } };
      const { Responses = {} } = await tables.send(new BatchGetCommand({ RequestItems }));
      for (const item of Responses[output(table)] ?? []) found.set(String(item[key]), item as T);
    }
    return found;
  };
  const charges: Charge[] = [];
  for (const orderId of orders.keys()) {
    const { Items = [] } = await tables.send(
      new QueryCommand({
        TableName: output('SandboxGatewayTableName'),
        KeyConditionExpression: 'orderId = :orderId',
        ExpressionAttributeValues: { ':orderId': orderId },
      }),
    );
    charges.push(...(Items as Charge[]));
  }
  const answer = await fetch(`${connection.endpoint}/_ministack/sns/sms-messages`);
  const { sms_messages } = (await answer.json()) as { sms_messages: Record<string, { Message: string }[]> };
  return {
    orders: await items<Order>('OrdersTableName', 'orderId', [...orders.keys()]),
    shelves: await items<Shelf>('StockTableName', 'sku', [...goods.keys()]),
    charges,
    texts: Object.fromEntries(
      Object.entries(sms_messages).map(([phone, sent]) => [phone, sent.map(({ Message }) => Message)]),
    ),
    waiting: [],
    deadLetters: [],
  };
}
