import { setTimeout as pause } from 'node:timers/promises';
import type { OrderPlaced } from '../../../contracts/order.ts';
import type { Contestant } from '../../figure.ts';
import { preciseNow } from '../../memory/bus.ts';
import type { Arena } from './arena.ts';
import { newPrefix, placedOrders } from './orders.ts';
import { MESSAGES_PER_ORDER } from './shop.ts';
import type { System } from './systems.ts';

const PATIENCE_SECONDS = 90;

/** Milliseconds from an order's publication to its text. */
export type Latency = { p50: number; p99: number };

/** Takes a contestant, a rate and a number of orders, publishes them at that rate and gives how long it took until they were texted. */
export async function latency(arena: Arena, name: Contestant, perSecond: number, count: number): Promise<Latency> {
  const system = arena.systems.get(name);
  if (system === undefined) throw new Error(`${name} does not take part`);
  const prefix = newPrefix(name);
  const orders = placedOrders(prefix, count);
  arena.given.get(name)?.push(...orders.map(({ data }) => data.orderId));
  const wanted = system.processes.done + count * MESSAGES_PER_ORDER;
  const placedAt = await publishAtRate(system, orders, perSecond);
  await system.processes.finished(wanted, PATIENCE_SECONDS);
  const waits = (await arena.transport.texts(`${prefix}-`))
    .map(({ orderId, at }) => at - (placedAt.get(orderId) ?? Number.NaN))
    .sort((one, other) => one - other);
  const at = (share: number) => waits[Math.ceil(waits.length * share) - 1] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Publishes orders evenly, whatever becomes of those before, and gives when each was, in milliseconds since 1970. */
export async function publishAtRate(
  system: System,
  orders: readonly OrderPlaced[],
  perSecond: number,
): Promise<Map<string, number>> {
  const placedAt = new Map<string, number>();
  const began = preciseNow();
  const taken: Promise<void>[] = [];
  for (const [index, order] of orders.entries()) {
    const due = began + (index * 1_000) / perSecond - preciseNow();
    if (due > 0) await pause(due);
    placedAt.set(order.data.orderId, preciseNow());
    taken.push(system.publish(order));
  }
  await Promise.all(taken);
  return placedAt;
}
