import type { Contestant } from '../../figure.ts';
import type { Arena } from './arena.ts';
import { newPrefix, placedOrders } from './orders.ts';
import { cpuSeconds, groupCpuSeconds } from './processes.ts';
import { MESSAGES_PER_ORDER } from './shop.ts';

const PATIENCE_SECONDS = 90;

/** One timed piece: how many orders a second, and where the processor's time went meanwhile, in milliseconds per order. */
export type Piece = { ordersPerSecond: number; consumers: number; store: number; broker: number };

/**
 * Takes a contestant and a number of orders, publishes them all while nobody consumes, and measures from the moment that the consumers
 * go until every message of every order is done with: the text is out, the stock is sold.
 */
export async function throughput(arena: Arena, name: Contestant, count: number): Promise<Piece> {
  const system = arena.systems.get(name);
  if (system === undefined) throw new Error(`${name} does not take part`);
  const { processes } = system;
  const orders = placedOrders(newPrefix(name), count);
  arena.given.get(name)?.push(...orders.map(({ data }) => data.orderId));
  await processes.tell('pause');
  await system.publishAll(orders);
  const before = await times(arena, name);
  const wanted = processes.done + count * MESSAGES_PER_ORDER;
  const began = performance.now();
  await processes.tell('resume');
  await processes.finished(wanted, PATIENCE_SECONDS);
  const seconds = (performance.now() - began) / 1_000;
  const after = await times(arena, name);
  const share = (part: 'consumers' | 'store' | 'broker') => ((after[part] - before[part]) / count) * 1_000;
  return {
    ordersPerSecond: count / seconds,
    consumers: share('consumers'),
    store: share('store'),
    broker: share('broker'),
  };
}

async function times({ systems, store, rabbit, broker, transport }: Arena, name: Contestant) {
  const isRabbit = name.startsWith('rabbitmq') && rabbit !== undefined;
  const [consumers, stored, carried] = await Promise.all([
    systems.get(name)?.processes.cpuSeconds() ?? 0,
    groupCpuSeconds(store.pid),
    // The in-memory AWS is a process without a group of its own.
    isRabbit ? groupCpuSeconds(rabbit.group) : broker === transport.pid ? cpuSeconds(broker) : groupCpuSeconds(broker),
  ]);
  return { consumers, store: stored, broker: carried };
}
