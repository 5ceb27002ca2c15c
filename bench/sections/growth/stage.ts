import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  paginateListTables,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { ConsumerName } from '../../../infra/routing.ts';
import { FaultProxy } from '../../../test/faults/proxy.ts';
import { type Store, startStore } from '../../memory/store.ts';
import { openShop, type Shop } from '../../shop.ts';
import { YesEndpoint } from '../cold-start/endpoint.ts';

/** The stack as it was deployed, on a store that is fast enough for ten thousand orders; nothing else keeps anything. */
export type Stage = {
  shop: Shop;
  store: Store;
  dynamodb: DynamoDBClient;
  /** Between the functions and the store. */
  storeProxy: FaultProxy;
  /** Where everything but the store is: it takes every event and every text, and `storeProxy`'s twin shows them. */
  busProxy: FaultProxy;
  /** Makes the deployed tables anew, with names that end so, and gives the names by those in the stack. */
  tables(ending: string): Promise<ReadonlyMap<string, string>>;
  /** The environment that the stack gave a consumer's function, led to these tables and to two endpoints of a caller's own. */
  environment(
    consumer: ConsumerName,
    caller: string,
    tables: ReadonlyMap<string, string>,
  ): Promise<Record<string, string>>;
  stop(): Promise<void>;
};

/** Deploys the stack once, to learn its functions and tables, and starts the store that they are measured on. */
export async function openStage(progress: (line: string) => void): Promise<Stage> {
  const ends: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    progress('deploying the stack');
    const shop = await openShop(progress);
    ends.push(shop.close);
    const folder = join(shop.folder, 'store');
    await mkdir(folder);
    const store = await startStore(folder, progress);
    ends.push(store.stop);
    const yes = await YesEndpoint.start();
    ends.push(() => yes.stop());
    const storeProxy = new FaultProxy(store.endpoint);
    const busProxy = new FaultProxy(yes.url);
    ends.push(() => storeProxy.close());
    ends.push(() => busProxy.close());
    const dynamodb = new DynamoDBClient({ ...shop.connection, endpoint: store.endpoint });
    const deployed = await describedTables(new DynamoDBClient(shop.connection));
    return {
      shop,
      store,
      dynamodb,
      storeProxy,
      busProxy,
      stop,
      tables: async (ending) => {
        for (const table of deployed) await dynamodb.send(copyOf(table, ending));
        return new Map(deployed.map(({ TableName = '' }) => [TableName, `${TableName}${ending}`]));
      },
      environment: async (consumer, caller, tables) => {
        const elsewhere = await busProxy.open(caller);
        const given = shop.functions.get(consumer);
        if (given === undefined) throw new Error(`${consumer} is not deployed`);
        const moved = Object.entries({
          ...given.environment,
          IDEMPOTENCY_TABLE_NAME: shop.tables.get('idempotency') ?? '',
        }).map(([name, value]) => [name, tables.get(value) ?? value.replace(shop.connection.endpoint, elsewhere)]);
        return {
          ...Object.fromEntries(moved),
          AWS_ENDPOINT_URL: elsewhere,
          AWS_ENDPOINT_URL_DYNAMODB: await storeProxy.open(caller),
          AWS_REGION: shop.connection.region,
          AWS_ACCESS_KEY_ID: shop.connection.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: shop.connection.credentials.secretAccessKey,
          AWS_LAMBDA_FUNCTION_NAME: given.name,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        };
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function describedTables(client: DynamoDBClient): Promise<TableDescription[]> {
  const found: TableDescription[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {})) {
    for (const TableName of TableNames) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      if (Table !== undefined) found.push(Table);
    }
  }
  return found;
}

function copyOf(
  { TableName, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }: TableDescription,
  ending: string,
) {
  const indexes = GlobalSecondaryIndexes?.map(({ IndexName, KeySchema: keys, Projection }) => ({
    IndexName,
    KeySchema: keys,
    Projection,
  }));
  return new CreateTableCommand({
    TableName: `${TableName}${ending}`,
    KeySchema,
    AttributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
    ...(indexes === undefined || indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
  });
}
