import { rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Contestant } from '../../figure.ts';
import { type Store, startStore } from '../../memory/store.ts';
import { startTransport, type Transport } from '../../memory/transport-process.ts';
import { HOW_TO_INSTALL, type RabbitServer, rabbitIsThere, startRabbit } from '../../peers/rabbitmq/server.ts';
import { check } from './check.ts';
import { connection, createQueues, createTables } from './shop.ts';
import { type System, startOnRabbit, startOnSqs } from './systems.ts';

/** Where the contestants meet: one store, one in-memory AWS, one RabbitMQ, and who takes part. */
export type Arena = {
  store: Store;
  transport: Transport;
  rabbit: RabbitServer | undefined;
  dynamodb: DynamoDBClient;
  systems: ReadonlyMap<Contestant, System>;
  /** The process, or the process group, that takes the messages along. */
  broker: number;
  /** The orders that each contestant was given. */
  given: ReadonlyMap<Contestant, string[]>;
  stop(): Promise<void>;
};

/** Who keeps nothing, so that there is nothing to check. */
export const floors: readonly Contestant[] = ['transport', 'rabbitmq-bare'];

/** Takes who takes part and starts everything; those on RabbitMQ are left out where there is none. */
export async function openArena(names: readonly Contestant[], progress: (line: string) => void): Promise<Arena> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-rate-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const ends: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of ends.reverse()) await end();
    remove();
    process.off('exit', remove);
  };
  try {
    const wantsRabbit = names.some(isOnRabbit);
    if (wantsRabbit && !rabbitIsThere()) progress(HOW_TO_INSTALL);
    progress('starting the store, the in-memory SNS and SQS, and RabbitMQ');
    await mkdir(join(folder, 'store'));
    const store = await startStore(join(folder, 'store'), progress);
    ends.push(store.stop);
    const transport = await startTransport();
    ends.push(transport.stop);
    const rabbit = wantsRabbit && rabbitIsThere() ? await startRabbit(join(folder, 'rabbitmq')) : undefined;
    if (rabbit !== undefined) ends.push(rabbit.stop);

    const dynamodb = new DynamoDBClient({ ...connection, endpoint: store.endpoint });
    const clients = {
      sns: new SNSClient({ ...connection, endpoint: transport.queues }),
      sqs: new SQSClient({ ...connection, endpoint: transport.queues }),
    };
    const endpoints = { queues: transport.queues, bus: transport.bus, texts: transport.bus, store: store.endpoint };
    const systems = new Map<Contestant, System>();
    for (const name of names) {
      if (isOnRabbit(name) && rabbit === undefined) continue;
      progress(`starting ${name}`);
      await createTables(name, dynamodb);
      if (!isOnRabbit(name)) await createQueues(name, clients.sns, clients.sqs);
      const system =
        rabbit !== undefined && isOnRabbit(name)
          ? await startOnRabbit(name, folder, endpoints, rabbit)
          : await startOnSqs(name, folder, endpoints, clients);
      ends.push(system.stop);
      systems.set(name, system);
    }
    const given = new Map([...systems.keys()].map((name): [Contestant, string[]] => [name, []]));
    return {
      store,
      transport,
      rabbit,
      dynamodb,
      systems,
      given,
      broker: transport.pid,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Fails where anybody but the floors broke a promise in any of its runs. */
export async function checkAll({ systems, given, transport, dynamodb }: Arena): Promise<void> {
  for (const [contestant, system] of systems) {
    if (floors.some((floor) => contestant.startsWith(floor))) continue;
    const [texts, deadLetters] = await Promise.all([transport.texts(`o-${contestant}-r`), system.deadLetters()]);
    await check({ contestant, orderIds: given.get(contestant) ?? [], texts, deadLetters }, dynamodb);
  }
}

const isOnRabbit = (name: Contestant) => name.startsWith('rabbitmq');
