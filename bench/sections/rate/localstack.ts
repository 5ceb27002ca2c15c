import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Route, routing } from '../../../infra/routing.ts';
import { startEngine } from '../../../localstack/engine.ts';
import { freePort } from '../../../test/engine/started.ts';
import type { Contestant } from '../../figure.ts';
import type { Arena } from './arena.ts';
import { connection, consumers, createQueues, createTables, queueArn } from './shop.ts';
import { startOnSqs } from './systems.ts';

/**
 * Takes an arena and who takes part and gives one in which LocalStack is between the consumers; the store and the phone that is texted stay
 * the same. Throws a sentence where LocalStack cannot run.
 */
export async function onLocalStack(
  arena: Arena,
  names: readonly Contestant[],
  progress: (line: string) => void,
): Promise<Arena> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-localstack-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  await mkdir(join(folder, 'engine'));
  const dataDir = join(folder, 'engine');
  const engine = await startEngine({ name: 'localstack', port: await freePort(), dataDir, progress });
  const there = { ...connection, endpoint: engine.endpoint };
  const clients = { sns: new SNSClient(there), sqs: new SQSClient(there) };
  const texts = arena.transport.bus;
  const endpoints = { queues: engine.endpoint, bus: engine.endpoint, texts, store: arena.store.endpoint };
  const systems = new Map<Contestant, Awaited<ReturnType<typeof startOnSqs>>>();
  const stop = async () => {
    for (const system of systems.values()) await system.stop();
    await engine.stop();
    remove();
    process.off('exit', remove);
  };
  try {
    for (const name of names) {
      const own = `${name}-localstack`;
      await createTables(own, new DynamoDBClient({ ...connection, endpoint: arena.store.endpoint }));
      await createQueues(own, clients.sns, clients.sqs);
      await createRules(own, new EventBridgeClient(there));
      systems.set(own, await startOnSqs(own, folder, endpoints, clients, name));
    }
    const given = new Map([...systems.keys()].map((name): [Contestant, string[]] => [name, []]));
    return { ...arena, systems, given, rabbit: undefined, broker: engine.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Routes the bus as the stack does. */
async function createRules(name: Contestant, events: EventBridgeClient): Promise<void> {
  await events.send(new CreateEventBusCommand({ Name: name }));
  for (const consumer of consumers) {
    const route: Route = routing[consumer];
    const contracts = route.consumes.filter(({ channel }) => channel === 'bus');
    if (contracts.length === 0) continue;
    const EventPattern = JSON.stringify({
      source: [...new Set(contracts.map(({ source }) => source))],
      'detail-type': contracts.map(({ type }) => type),
    });
    await events.send(new PutRuleCommand({ Name: consumer, EventBusName: name, EventPattern }));
    const Targets = [{ Id: 'queue', Arn: queueArn(name, consumer), InputPath: '$.detail' }];
    await events.send(new PutTargetsCommand({ Rule: consumer, EventBusName: name, Targets }));
  }
}
