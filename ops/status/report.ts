import { table } from '../format.ts';
import type { ShopStatus } from './collect.ts';
import { duration, problems, verdict } from './health.ts';
import type { OrderCounts } from './orders.ts';

/** What the status is for scripts. */
export function document(seen: ShopStatus) {
  const found = problems(seen);
  const consumers = seen.consumers.map(({ mapping, ...consumer }) => {
    const own = found.filter((trouble) => trouble.consumer === consumer.name);
    return { ...consumer, enabled: mapping?.on ?? false, problems: own.map(({ sentence }) => sentence) };
  });
  return { ok: found.length === 0, consumers, orders: seen.orders, problems: found };
}

/** What the status is for people; the last line, or lines, say what is wrong. */
export function report(seen: ShopStatus): string {
  const found = problems(seen);
  const rows = seen.consumers.map((consumer) => {
    const { name, waiting, inFlight, delayed, oldestSeconds, deadLetters, throughput, errorRate, breaker } = consumer;
    const states = found.filter((trouble) => trouble.consumer === name).map(({ state }) => state);
    return [
      states.length === 0 ? ' ' : '✗',
      name,
      waiting,
      inFlight,
      delayed,
      oldestSeconds === null ? '–' : duration(oldestSeconds),
      deadLetters,
      throughput === 0 ? '0' : `${throughput.toFixed(throughput < 1 ? 2 : 1)}/s`,
      errorRate === null ? '–' : `${(errorRate * 100).toFixed(errorRate === 0 ? 0 : 1)}%`,
      breaker,
      states.length === 0 ? 'well' : states.join(', '),
    ];
  });
  const head = ['', 'consumer', 'waiting', 'in flight', 'delayed', 'oldest', 'dead letters', 'done', 'failed'];
  return [table([...head, 'breaker', 'state'], rows), ordersLine(seen.orders), verdict(found)].join('\n\n');
}

function ordersLine({ PLACED, CONFIRMED, CANCELLED, atLeast }: OrderCounts): string {
  const decided = (count: number) => `${atLeast ? 'at least ' : ''}${count.toLocaleString('en')}`;
  return `Orders: ${PLACED.toLocaleString('en')} placed, ${decided(CONFIRMED)} confirmed, ${decided(CANCELLED)} cancelled.`;
}
