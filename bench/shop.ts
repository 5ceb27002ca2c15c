import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  paginateListEventSourceMappings,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { constructIdOf } from '../infra/names.ts';
import type { ConsumerName } from '../infra/routing.ts';
import { type EngineName, startEngine } from '../localstack/engine.ts';
import { localTarget } from '../ops/aws-target.ts';
import { progressPrinter } from '../ops/progress.ts';
import { deployedShop } from '../ops/stack.ts';
import { deploy } from '../ops/up/deploy.ts';
import { eventually, freePort } from '../test/engine/started.ts';
import { consumers } from './contestants.ts';

/** A function as the stack deployed it. */
export type Deployed = { name: string; environment: Record<string, string>; timeoutMs: number };

/** The deployed stack on an engine of its own, with nobody at work: whoever is measured takes the functions' place. */
export type Shop = {
  /** What every AWS client is made with. */
  connection: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** The engine's process group, whose CPU is not ours. */
  enginePid: number;
  /** Gives one of the stack's outputs. */
  output(name: string): string;
  /** The URL of a consumer's queue. */
  queueUrl(consumer: ConsumerName): string;
  /** The folder of the synthesised stack. */
  assembly: string;
  /** A folder that goes when the shop does. */
  folder: string;
  functions: ReadonlyMap<ConsumerName, Deployed>;
  /** The tables by what they are called: `orders`, `idempotency`. */
  tables: ReadonlyMap<string, string>;
  close(): Promise<void>;
};

const DEPLOYED_WITHIN_MS = 180_000;
const IDEMPOTENCY_TABLE = 'bench-idempotency';

/** Starts an engine, deploys the real stack to it once, stops all its event source mappings, and adds the peers' own table. */
export async function openShop(progress: (line: string) => void, name: EngineName = 'ministack'): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-shop-'));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const engine = await startEngine({ name, port: await freePort(), dataDir: join(folder, 'engine'), progress });
  const close = async () => {
    await engine.stop();
    process.off('exit', clear);
    clear();
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const connection = { endpoint: engine.endpoint, region: 'us-east-1', credentials };
  try {
    const target = localTarget(engine.endpoint);
    const { outputs } = deployedShop(
      target,
      await deploy(target, { signal: AbortSignal.timeout(DEPLOYED_WITHIN_MS), folder, onProgress: progressPrinter() }),
    );
    const assembly = join(folder, 'cdk.out');
    const output = (key: string) => {
      const value = outputs[key];
      if (value === undefined) throw new Error(`The stack has no output ${key}`);
      return value;
    };
    const queueUrl = (consumer: ConsumerName) => output(`${constructIdOf(consumer)}QueueUrl`);
    const functions = await deployedFunctions(connection, queueUrl);
    await new DynamoDBClient(connection).send(
      new CreateTableCommand({
        TableName: IDEMPOTENCY_TABLE,
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    const tables = new Map([
      ...['Orders', 'Payments', 'Stock', 'Notifications', 'Shipments'].map(
        (kept) => [kept.toLowerCase(), output(`${kept}TableName`)] as const,
      ),
      ['reservations', functions.get('stock')?.environment.RESERVATIONS_TABLE_NAME ?? ''] as const,
      ['idempotency', IDEMPOTENCY_TABLE] as const,
    ]);
    return { connection, enginePid: engine.pid, output, queueUrl, assembly, folder, functions, tables, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Disables every mapping and gives the consumers' functions with the environment that the stack gave them. */
async function deployedFunctions(connection: Shop['connection'], queueUrl: Shop['queueUrl']) {
  const lambda = new LambdaClient(connection);
  const sqs = new SQSClient(connection);
  const list = async () => {
    const found = [];
    for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client: lambda }, {})) {
      found.push(...EventSourceMappings);
    }
    return found;
  };
  const mappings = await list();
  for (const { UUID } of mappings) await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  await eventually('nobody receives', async () =>
    (await list()).every(({ State }) => State === 'Disabled') ? true : undefined,
  );
  const functions = new Map<ConsumerName, Deployed>();
  for (const consumer of consumers) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl(consumer), AttributeNames: ['QueueArn'] }),
    );
    const mapping = mappings.find(({ EventSourceArn }) => EventSourceArn === Attributes?.QueueArn);
    const {
      FunctionName = '',
      Environment,
      Timeout = 3,
    } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: mapping?.FunctionArn }));
    functions.set(consumer, {
      name: FunctionName,
      environment: { ...Environment?.Variables },
      timeoutMs: Timeout * 1000,
    });
  }
  return functions;
}
