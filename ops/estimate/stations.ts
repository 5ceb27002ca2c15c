import { between, fill } from './batches.ts';
import type { Measurements } from './calls.ts';
import type { Facts } from './facts.ts';

/** What is estimated: a deployment, what one order takes there, and how many orders come. */
export type Situation = { facts: Facts; measured: Measurements; ordersPerDay: number };

export const DAYS_PER_MONTH = 30.4;
const SECONDS_PER_DAY = 86_400;
export const SECONDS_PER_MONTH = DAYS_PER_MONTH * SECONDS_PER_DAY;
export const GB = 1024 ** 3;

/** How often something happens in a month that happens so often for an order. */
export const perMonth = ({ ordersPerDay }: Situation, perOrder: number): number =>
  perOrder * ordersPerDay * DAYS_PER_MONTH;

/** A function behind its queue; everything by the order. */
export type Station = {
  name: string;
  fifo: boolean;
  messages: number;
  messageBytes: number;
  /** Messages in a batch, on average. */
  batch: number;
  invocations: number;
  /** Calls of AWS by operation. */
  calls: Readonly<Record<string, number>>;
};

/** Gives every function behind a queue, our archive's too; throws a sentence where one was never measured. */
export function stationsOf({ facts, measured, ordersPerDay }: Situation): Station[] {
  const { '1': one, '10': ten } = measured.batches;
  const ordersPerSecond = ordersPerDay / SECONDS_PER_DAY;
  return Object.entries(facts.mappings).map(([name, mapping]) => {
    const { fifo } = mapping;
    const known = one.consumers[name];
    if (known === undefined && name !== 'archive') {
      throw new Error(
        `What an order takes in ${name} was never measured: \`npm run test:faults -- calls-per-order -u\` does it.`,
      );
    }
    const archived = one.busEvents.count + one.feedEvents.count;
    const everything = 1 + one.busEvents.count;
    const own = known?.messages ?? 1 + archived;
    const messages = facts.unfiltered && known !== undefined && !fifo ? Math.max(own, everything) : own;
    const batch = fill(ordersPerSecond * messages, mapping);
    const operations = Object.keys({ ...known?.calls, ...ten.consumers[name]?.calls });
    const calls = operations.map((what): [string, number] => [
      what,
      between(known?.calls[what] ?? 0, ten.consumers[name]?.calls[what] ?? 0, batch),
    ]);
    return {
      name,
      fifo,
      messages,
      messageBytes: known?.messageBytes ?? one.busEvents.bytes,
      batch,
      invocations: messages / batch,
      calls: known === undefined ? { 'dynamodb.BatchWriteItem': messages / batch } : Object.fromEntries(calls),
    };
  });
}
