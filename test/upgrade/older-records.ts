import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { output, placed, tables } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import type { Cohort, KindName } from './cohort.ts';
import { type Receiver, sendTo } from './messages.ts';

/** An order in the shapes of a version that is no longer deployed. In the file, `{orderId}`, `{sku}`, `{phone}` and `{now}` stand for the order's own. */
type OlderRecords = {
  /** What it is, and of which versions. */
  what: string;
  end: KindName;
  /** By the stack's output that names the table. */
  records: Record<string, Record<string, unknown>[]>;
  placedWaitsFor: Receiver[];
  messages?: { to: Receiver; body: object }[];
};

const FOLDER = join(import.meta.dirname, 'fixtures');

/** Puts each order of the fixtures into the tables, and the messages that go on with it into the queues; returns the orders by file. */
export async function putOlderRecords(cohort: Cohort): Promise<Map<string, TestOrder>> {
  const orders = new Map<string, TestOrder>();
  for (const file of readdirSync(FOLDER)) {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const order = await cohort.add((JSON.parse(text) as OlderRecords).end);
    orders.set(basename(file, '.json'), order);
    const own = {
      '{orderId}': order.orderId,
      '{sku}': order.sku,
      '{phone}': order.phone,
      '{now}': new Date().toISOString(),
    };
    const filled = Object.entries(own).reduce((all, [name, value]) => all.replaceAll(name, value), text);
    const { records, placedWaitsFor, messages = [] } = JSON.parse(filled) as OlderRecords;
    for (const [table, items] of Object.entries(records))
      for (const Item of items) await tables.send(new PutCommand({ TableName: output(table), Item }));
    for (const name of placedWaitsFor) await sendTo(name, placed(order), order.orderId);
    for (const { to, body } of messages) await sendTo(to, body, order.orderId);
  }
  return orders;
}
