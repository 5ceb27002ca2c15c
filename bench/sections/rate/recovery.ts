import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { SANDBOX_STATE_KEY } from '../../../lambdas/payment/sandbox-gateway.ts';
import type { Contestant } from '../../figure.ts';
import type { Arena } from './arena.ts';
import { publishAtRate } from './latency.ts';
import { newPrefix, placedOrders } from './orders.ts';
import { MESSAGES_PER_ORDER, tablesOf } from './shop.ts';

const PATIENCE_SECONDS = 240;

/**
 * Takes a contestant, takes its payment gateway down for so many seconds while orders come in, and gives how many seconds it takes from the
 * gateway's return until the last of them is done with.
 */
export async function recovery(arena: Arena, name: Contestant, perSecond: number, seconds: number): Promise<number> {
  const system = arena.systems.get(name);
  if (system === undefined) throw new Error(`${name} does not take part`);
  const orders = placedOrders(newPrefix(name), perSecond * seconds);
  arena.given.get(name)?.push(...orders.map(({ data }) => data.orderId));
  const document = DynamoDBDocumentClient.from(arena.dynamodb);
  const turn = (down: boolean) =>
    document.send(new PutCommand({ TableName: tablesOf(name).gateway, Item: { ...SANDBOX_STATE_KEY, down } }));
  const wanted = system.processes.done + orders.length * MESSAGES_PER_ORDER;
  await turn(true);
  await publishAtRate(system, orders, perSecond);
  await turn(false);
  const began = performance.now();
  await system.processes.finished(wanted, PATIENCE_SECONDS);
  return (performance.now() - began) / 1_000;
}
