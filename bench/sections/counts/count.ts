import type { Measurement } from '../../../ops/estimate/calls.ts';
import { CallCounter, itemBytes } from '../../../test/harness/call-counter.ts';
import type { ApiCall, Json } from '../../../test/harness/protocol.ts';
import type { FunctionPool } from '../../function-pool.ts';
import type { LocalAws } from '../../local-aws/local-aws.ts';
import { consumerOfQueue, consumers, tableNames } from '../../local-aws/resources.ts';
import { runWorkload } from '../../pool-runs.ts';
import { createWorkload, scanTable, type Workload } from '../../workload.ts';

/** How many orders are handled in batches of which size, and how many of them share a SKU. */
export type Scenario = { batch: number; orders: number; perSku: number };

/** What one order took; all numbers are per order. */
export type OrderCost = {
  measurement: Measurement;
  /** Calls of the functions by service, without the sandbox gateway's table and the texts. */
  calls: { all: number; dynamodb: number; events: number; sns: number };
  /** DynamoDB calls of payment, stock and notification: for the placed order alone, and through the whole flow. */
  dynamodb: { placed: number; whole: number };
  units: { write: number; read: number };
  logBytes: number;
};

/** The consumers that move money, goods or texts. */
const EFFECTS = ['payment', 'stock', 'notification'];

/** Returns whether a call is the sandbox gateway's or sends a text, which nobody can combine and every contestant makes alike. */
export const isExternalEffect = ({ query, body }: ApiCall, shop: string): boolean =>
  query.has('PhoneNumber') || tableOf(body) === tableNames(shop).sandboxGateway;

/** Returns the table of a call, for a transaction that of its first item. The gateway's transactions touch no other table. */
function tableOf({ TableName, TransactItems }: Json): unknown {
  const first = (TransactItems as Json[] | undefined)?.[0];
  return TableName ?? (first?.Put ?? first?.Update)?.TableName;
}

/** Lets a contestant handle new orders from the topic to the last step, counts its calls, and checks the invariants. */
export async function countPerOrder(aws: LocalAws, pool: FunctionPool, scenario: Scenario): Promise<OrderCost> {
  const { batch, orders, perSku } = scenario;
  const { shop } = pool;
  const workload = createWorkload(orders, (index) => Math.floor(index / perSku));
  const tables = Object.entries(tableNames(shop)).filter(([name]) => name !== 'sandboxGateway');
  const counter = new CallCounter(new Map(tables.map(([name, table]) => [table, name])), consumerOfQueue);
  const calls: ApiCall[] = [];
  let round = 1;
  let placed = 0;
  await pool.recycle();
  pool.observe((call, response) => {
    counter.recordCall(call, response);
    if (call.caller === 'event-source' || isExternalEffect(call, shop)) return;
    calls.push(call);
    if (round === 1 && call.service === 'dynamodb' && EFFECTS.includes(call.caller)) placed += 1;
  });
  const { invocations, log } = await runWorkload(aws, pool, workload, batch, (consumer, number) => {
    round = consumer === consumers.at(-1) ? number + 1 : number;
  });
  pool.observe(() => {});
  // The log is complete only when the processes have ended.
  await pool.recycle();
  const wholeLog = log + pool.takeLog();
  for (const [consumer, times] of invocations) counter.recordInvocations(consumer, times);
  const itemUnits = new Map<string, number>();
  for (const [name, table] of tables) {
    const sizes = await itemSizes(aws, table, workload, name === 'idempotency');
    counter.recordItemSizes(name, sizes);
    itemUnits.set(name, Math.max(1, ...sizes.map((bytes) => Math.ceil(bytes / 1024))));
  }
  const measurement = counter.perOrder(orders, wholeLog);
  const callsOf = (service?: string, callers: readonly string[] = consumers) =>
    calls.filter((call) => (service === undefined || call.service === service) && callers.includes(call.caller))
      .length / orders;
  return {
    measurement,
    calls: { all: callsOf(), dynamodb: callsOf('dynamodb'), events: callsOf('events'), sns: callsOf('sns') },
    dynamodb: { placed: placed / orders, whole: callsOf('dynamodb', EFFECTS) },
    units: unitsOf(measurement, itemUnits),
    logBytes: measurement.log.bytes,
  };
}

/** Returns the sizes of the items that the workload left in a table; all of them where items do not name their order. */
async function itemSizes({ clients }: LocalAws, table: string, { orders, goods }: Workload, all: boolean) {
  const items = await scanTable<Record<string, string>>(table, clients.dynamodb);
  return items.filter(({ orderId = '', sku = '' }) => all || orders.has(orderId) || goods.has(sku)).map(itemBytes);
}

/** A write takes a unit per kilobyte of its item, two in a transaction; a consistent read one per four kilobytes. */
function unitsOf({ tables, indexWrites }: Measurement, itemUnits: ReadonlyMap<string, number>): OrderCost['units'] {
  let [write, read] = [indexWrites, 0];
  for (const [name, { writes, transactionalWrites, reads }] of Object.entries(tables)) {
    const units = itemUnits.get(name) ?? 1;
    write += (writes + 2 * transactionalWrites) * units;
    read += reads * Math.ceil(units / 4);
  }
  return { write, read };
}
