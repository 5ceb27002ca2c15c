import { afterEach, expect, test } from 'vitest';
import type { StatusDocument } from '../../../ops/console/api/live.ts';
import type { Flow } from '../../../ops/console/pages/map/flow.ts';
import { edgeWords, nameOf, rateWords, stateOf } from '../../../ops/console/pages/map/states.ts';
import { language } from '../../../ops/console/parts/language.ts';
import { consumerNow, shopMap, statusOf } from '../../builders/shop-map.ts';

afterEach(() => {
  language.value = 'en';
});

function spoken(
  id: string,
  status: StatusDocument | undefined,
  flows = new Map<string, Flow>(),
  map = shopMap,
): string {
  const node = map.nodes.find((one) => one.id === id);
  if (node === undefined) throw new Error(`There is no ${id}`);
  return `${nameOf(node)}, ${stateOf(node, { map, status, flows }).words}`;
}

const paused = {
  by: 'kim',
  since: '2026-11-27T18:00:00.000Z',
  reason: 'incident 12',
  resumeBy: null,
  ordersCancelledFrom: null,
  drainSeconds: null,
  urgent: false,
};
const gatewayDown = { consumer: 'payment', state: 'gateway down', sentence: 'the gateway is down', next: 'up' };

test('a queue says how many are not done, those in flight included', () => {
  expect(spoken('queue-payment', statusOf([consumerNow('payment', { waiting: 9, inFlight: 3 })]))).toBe(
    'payment queue, 12 waiting',
  );
  expect(spoken('queue-payment', statusOf([consumerNow('payment')]))).toBe('payment queue, empty');
});

test('a consumer says that it is paused, or why it makes no progress, or whether it works', () => {
  const status = (parts = {}) => statusOf([consumerNow('payment', parts)]);
  expect(spoken('consumer-payment', status({ paused }))).toBe('payment, paused');
  expect(spoken('consumer-payment', { ...status(), problems: [gatewayDown] })).toBe('payment, gateway down');
  expect(spoken('consumer-payment', status(), new Map([['payment', { in: true, out: true, rate: 2 }]]))).toBe(
    'payment, working',
  );
  expect(spoken('consumer-payment', status())).toBe('payment, idle');
});

test('dead letters alone do not stop a consumer', () => {
  const problem = { consumer: 'payment', state: 'dead letters', sentence: '1 dead letter', next: 'dlq list' };
  const status = statusOf([consumerNow('payment', { deadLetters: 1 })], { problems: [problem] });
  expect(spoken('consumer-payment', status)).toBe('payment, idle');
  expect(spoken('dead-letters-payment', status)).toBe('payment dead-letter queue, 1 dead letter');
});

test('what the status does not count has its number of when the map was read', () => {
  expect(spoken('dead-letters-sweep', statusOf([]))).toBe('sweep dead-letter queue, 2 dead letters');
});

test('parked letters are said and are no trouble', () => {
  const node = { id: 'parked', kind: 'parking-queue', name: 'parking queue' } as const;
  const now = { map: shopMap, status: statusOf([], { parked: 3 }), flows: new Map() };
  expect(stateOf(node, now)).toEqual({ words: '3 parked', tone: 'idle' });
});

test('until the status was read nobody claims that all is well', () => {
  expect(spoken('consumer-payment', undefined)).toBe('payment, not read yet');
  expect(spoken('queue-payment', undefined)).toBe('payment queue, not read yet');
});

test('a topic of which a way is broken says so', () => {
  const edges = shopMap.edges.map((edge) =>
    edge.to === 'queue-order' ? { ...edge, problem: 'its queue is gone' } : edge,
  );
  expect(spoken('topic', undefined, new Map(), { ...shopMap, edges })).toBe('orders topic, 1 way broken');
  expect(spoken('topic', undefined)).toBe('orders topic, to 2 queues');
});

test('in Korean the name of a consumer stays, and its state is Korean', () => {
  language.value = 'ko';
  expect(spoken('consumer-payment', { ...statusOf([consumerNow('payment')]), problems: [gatewayDown] })).toBe(
    'payment, 게이트웨이 중단',
  );
});

test('the line out of a queue says how many wait, for how long, and how many are done', () => {
  const busy = consumerNow('payment', { waiting: 12, oldestSeconds: 40 });
  expect(edgeWords(busy, { in: true, out: true, rate: 3.24 })).toEqual({ above: '12 waiting, 40 sec', below: '3.2/s' });
  expect(edgeWords(consumerNow('payment'), undefined)).toEqual({ above: undefined, below: undefined });
});

test('a rate below one a second is told by the minute', () => {
  expect([12.4, 1, 0.5, 0, null].map(rateWords)).toEqual(['12/s', '1.0/s', '30/min', undefined, undefined]);
});
