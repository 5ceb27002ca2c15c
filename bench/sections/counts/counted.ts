import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Measurement } from '../../../ops/estimate/calls.ts';
import { bytesOfItem, CallCounter } from '../../../test/faults/call-counter.ts';
import type { Call } from '../../../test/faults/protocol.ts';
import type { FaultProxy } from '../../../test/faults/proxy.ts';
import { consumers } from '../../contestants.ts';
import type { Crew } from '../../crew.ts';
import { checkShop, type Demand, demand, place } from '../../customers.ts';
import type { Shop } from '../../shop.ts';

/** How many orders are handled, in batches of which size, and how many of them share a SKU. */
export type Scenario = { batch: number; orders: number; perSku: number };

/** What one order took, everything by the order. */
export type Counted = {
  measurement: Measurement;
  /** Calls of our own code by service, the gateway's table and the texts left out. */
  calls: { all: number; dynamodb: number; events: number; sns: number; sqs: number };
  /** Calls of DynamoDB by payment, stock and notification: for the placed order alone, and through the whole flow. */
  dynamodb: { placed: number; whole: number };
  units: { write: number; read: number };
  logBytes: number;
};

/** What moves money, goods or texts. */
const EFFECTS = ['payment', 'stock', 'notification'];

/** Lets a contestant handle new orders from the topic to the last step, counts at the endpoint, and checks that all came true. */
export async function counted(shop: Shop, crew: Crew, proxy: FaultProxy, scenario: Scenario): Promise<Counted> {
  const { batch, orders, perSku } = scenario;
  const wanted = demand(orders, perSku);
  const names = new Map([...shop.tables].map(([name, table]) => [table, name]));
  const counter = new CallCounter(names);
  const seen: Call[] = [];
  let round = 1;
  let placed = 0;
  const gatewayTable = shop.output('SandboxGatewayTableName');
  await crew.rest();
  crew.takeLog();
  await place(shop, wanted);
  proxy.observe = (call, answer) => {
    const consumer = call.caller.split('/')[1] ?? call.caller;
    counter.saw({ ...call, caller: consumer }, answer);
    if (consumer === 'event-source' || call.query.has('PhoneNumber') || call.body.TableName === gatewayTable) return;
    seen.push({ ...call, caller: consumer });
    if (round === 1 && call.service === 'dynamodb' && EFFECTS.includes(consumer)) placed += 1;
  };
  const invocations = await crew.work(batch, (consumer, number) => {
    round = consumer === consumers.at(-1) ? number + 1 : number;
  });
  proxy.observe = () => {};
  await crew.rest();
  for (const [consumer, times] of invocations) counter.invoked(consumer, times);
  const log = crew.takeLog();
  await checkShop(shop, wanted, log);
  const itemUnits = new Map<string, number>();
  for (const [name, sizes] of await sizesOf(shop, wanted)) {
    counter.holds(name, sizes);
    itemUnits.set(name, Math.max(1, ...sizes.map((bytes) => Math.ceil(bytes / 1024))));
  }
  const measurement = counter.perOrder(orders, log);
  const of = (service?: string, who: readonly string[] = consumers) =>
    seen.filter((call) => (service === undefined || call.service === service) && who.includes(call.caller)).length /
    orders;
  return {
    measurement,
    calls: { all: of(), dynamodb: of('dynamodb'), events: of('events'), sns: of('sns'), sqs: of('sqs') },
    dynamodb: { placed: placed / orders, whole: of('dynamodb', EFFECTS) },
    units: unitsOf(measurement, itemUnits),
    logBytes: measurement.log.bytes,
  };
}

/** A write takes a unit for each kilobyte of its item, two in a transaction; a consistent read one for each four kilobytes. */
function unitsOf({ tables, indexWrites }: Measurement, itemUnits: ReadonlyMap<string, number>): Counted['units'] {
  let [write, read] = [indexWrites, 0];
  for (const [name, { writes, transactionalWrites, reads }] of Object.entries(tables)) {
    const units = itemUnits.get(name) ?? 1;
    write += (writes + 2 * transactionalWrites) * units;
    read += reads * Math.ceil(units / 4);
  }
  return { write, read };
}

/** Gives the sizes of the items that these orders left in each table; of an idempotency table, which names no order, all of them. */
async function sizesOf(shop: Shop, { orders, goods }: Demand): Promise<Map<string, number[]>> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(shop.connection));
  const found = new Map<string, number[]>();
  for (const [name, TableName] of shop.tables) {
    const sizes: number[] = [];
    for await (const { Items = [] } of paginateScan({ client }, { TableName })) {
      const own = Items.filter((item) => orders.has(item.orderId) || goods.has(item.sku) || name === 'idempotency');
      sizes.push(...own.map(bytesOfItem));
    }
    found.set(name, sizes);
  }
  return found;
}
