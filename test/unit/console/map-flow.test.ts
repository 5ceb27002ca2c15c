import { expect, test } from 'vitest';
import {
  edgeFlow,
  type Flow,
  type FlowMemory,
  flowsAt,
  noteReading,
  READINGS,
} from '../../../ops/console/pages/map/flow.ts';
import { type ConsumerNow, consumerNow, shopMap } from '../../builders/shop-map.ts';

const SECONDS = 2;
const WITHIN_MS = READINGS * SECONDS * 1_000;

/** Notes readings, seconds apart, and returns what flows at the last. */
function flowAfter(...readings: Partial<ConsumerNow>[]): Flow | undefined {
  const memory = readings.reduce<FlowMemory>(
    (before, parts, index) => noteReading(before, [consumerNow('payment', parts)], index * SECONDS * 1_000),
    new Map(),
  );
  return flowsAt(memory, (readings.length - 1) * SECONDS * 1_000, WITHIN_MS).get('payment');
}

test('a throughput that rises is messages that are done; one that stays is only an average of what was', () => {
  expect(flowAfter({ throughput: 1 }, { throughput: 1.1 })).toMatchObject({ in: true, out: true });
  expect(flowAfter({ throughput: 1 }, { throughput: 1 })).toEqual({ in: false, out: false, rate: null });
});

test('a queue that grows while nothing is done gets messages', () => {
  expect(flowAfter({ waiting: 0 }, { waiting: 5 })).toEqual({ in: true, out: false, rate: null });
});

test('the rate is that of the last readings, not the average of minutes', () => {
  // 10 a second for two seconds, of an average of five minutes.
  expect(flowAfter({ throughput: 0 }, { throughput: 20 / 300 })?.rate).toBeCloseTo(10);
});

test('nothing flows any more when some readings have shown nothing', () => {
  const quiet = Array.from({ length: READINGS + 2 }, () => ({ throughput: 1 }));
  expect(flowAfter({ throughput: 0 }, ...quiet)).toEqual({ in: false, out: false, rate: null });
});

test('messages flow on the ways to a queue that gets some, and from a consumer that does some', () => {
  const flows = new Map([['payment', { in: true, out: true, rate: 1 }]]);
  const isFlowing = edgeFlow(shopMap, flows);
  const flowing = shopMap.edges.filter(isFlowing).map(({ from, to }) => `${from} ${to}`);
  expect(flowing).toEqual([
    'publishers topic',
    'topic queue-payment',
    'bus rules-payment',
    'rules-payment queue-payment',
    'queue-payment consumer-payment',
    'consumer-payment bus',
  ]);
});
