import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { SANDBOX_STATE_KEY } from '../../../lambdas/payment/sandbox-book.ts';
import type { Contestant } from '../../figure.ts';
import { tableNames } from '../../local-aws/resources.ts';
import { preciseNow } from '../../local-aws/transport.ts';
import type { PlacedMessage } from '../../workload.ts';
import type { RateSetup } from './setup.ts';
import type { System } from './systems.ts';

/** Messages of an order at all consumers together: placed at four, three outcomes, and the confirmation at three. */
const MESSAGES_PER_ORDER = 10;
const TIMEOUT_SECONDS = 90;
const RECOVERY_TIMEOUT_SECONDS = 240;

/** Orders per second, and the CPU milliseconds of the consumers per order. */
export type Throughput = { ordersPerSecond: number; cpuMs: number };

/** Milliseconds from an order's publication to its text. */
export type Latency = { p50: number; p99: number };

/** Publishes orders while consumption is paused, and measures from its start until every message of every order is done: its capture is on record. */
export async function measureThroughput(setup: RateSetup, name: Contestant, count: number): Promise<Throughput> {
  const { system, messages } = await setup.prepareOrders(name, count);
  const { processes } = system;
  await processes.command('pause');
  await Promise.all(messages.map(system.publish));
  const before = processes.cpuMs();
  const wanted = processes.done + count * MESSAGES_PER_ORDER;
  const began = performance.now();
  await processes.command('resume');
  await processes.waitUntilDone(wanted, TIMEOUT_SECONDS);
  const seconds = (performance.now() - began) / 1_000;
  return { ordersPerSecond: count / seconds, cpuMs: (processes.cpuMs() - before) / count };
}

/** Publishes orders at a steady rate and measures when each is texted. */
export async function measureLatency(
  setup: RateSetup,
  name: Contestant,
  perSecond: number,
  count: number,
): Promise<Latency> {
  const { system, workload, messages } = await setup.prepareOrders(name, count);
  const wanted = system.processes.done + count * MESSAGES_PER_ORDER;
  const placedAt = await publishAtRate(system, messages, perSecond);
  await system.processes.waitUntilDone(wanted, TIMEOUT_SECONDS);
  const texts = await setup.aws.transport.texts();
  const textedAt = new Map(texts.map(({ message, at }) => [/bench-\d+-\d+/.exec(message)?.[0], at]));
  const waits = [...workload.orders.keys()]
    .map((orderId) => (textedAt.get(orderId) ?? Number.NaN) - (placedAt.get(orderId) ?? Number.NaN))
    .sort((one, other) => one - other);
  const percentile = (share: number) => waits[Math.ceil(waits.length * share) - 1] ?? Number.NaN;
  return { p50: percentile(0.5), p99: percentile(0.99) };
}

/** Stops the payment gateway while orders come in; returns the seconds from its return until the last order is done. */
export async function measureRecovery(
  setup: RateSetup,
  name: Contestant,
  perSecond: number,
  seconds: number,
): Promise<number> {
  const { system, messages } = await setup.prepareOrders(name, perSecond * seconds);
  const document = DynamoDBDocumentClient.from(setup.aws.clients.dynamodb);
  const setGateway = (down: boolean) =>
    document.send(new PutCommand({ TableName: tableNames(name).sandboxGateway, Item: { ...SANDBOX_STATE_KEY, down } }));
  const wanted = system.processes.done + messages.length * MESSAGES_PER_ORDER;
  await setGateway(true);
  await publishAtRate(system, messages, perSecond);
  await setGateway(false);
  const began = performance.now();
  await system.processes.waitUntilDone(wanted, RECOVERY_TIMEOUT_SECONDS);
  return (performance.now() - began) / 1_000;
}

/** Publishes at a steady rate, whether or not earlier orders are accepted yet; returns the time of each publication. */
async function publishAtRate(
  system: System,
  messages: readonly PlacedMessage[],
  perSecond: number,
): Promise<ReadonlyMap<string, number>> {
  const placedAt = new Map<string, number>();
  const began = preciseNow();
  const publications: Promise<void>[] = [];
  for (const [index, message] of messages.entries()) {
    const wait = began + (index * 1_000) / perSecond - preciseNow();
    if (wait > 0) await pause(wait);
    placedAt.set(message.data.orderId, preciseNow());
    publications.push(system.publish(message));
  }
  await Promise.all(publications);
  return placedAt;
}
