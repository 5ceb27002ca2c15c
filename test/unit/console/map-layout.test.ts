import { expect, test } from 'vitest';
import { lanesOf } from '../../../ops/console/pages/map/lanes.ts';
import { type Box, placeMap } from '../../../ops/console/pages/map/layout.ts';
import { shopMap } from '../../builders/shop-map.ts';

const { width, height, boxes, paths } = placeMap(shopMap);
const box = (id: string): Box => {
  const found = boxes.get(id);
  if (found === undefined) throw new Error(`${id} has no place`);
  return found;
};
const pathOf = (from: string, to: string) => paths.find(({ edge }) => edge.from === from && edge.to === to)?.d ?? '';

test('every node has a place inside the drawing, and no two of them overlap', () => {
  const all = [...boxes.values()];
  expect(boxes.size).toBe(shopMap.nodes.length);
  for (const one of all) {
    expect(one.x).toBeGreaterThanOrEqual(0);
    expect(one.x + one.width).toBeLessThanOrEqual(width);
    expect(one.y + one.height).toBeLessThanOrEqual(height);
    const overlapping = all.filter(
      (other) =>
        other !== one &&
        one.x < other.x + other.width &&
        other.x < one.x + one.width &&
        one.y < other.y + other.height &&
        other.y < one.y + one.height,
    );
    expect(overlapping).toEqual([]);
  }
});

test('messages go from left to right: publishers, topics and bus, rules, queues, consumers, dead letters', () => {
  const columns = ['publishers', 'topic', 'rules-payment', 'queue-payment', 'consumer-payment', 'dead-letters-payment'];
  const lefts = columns.map((id) => box(id).x);
  expect(lefts).toEqual([...lefts].sort((one, other) => one - other));
  expect(new Set(lefts).size).toBe(columns.length);
});

test('a queue, its consumer and its dead-letter queue are one row, and all rows begin in the same column', () => {
  expect(lanesOf(shopMap).map(({ id }) => id)).toEqual([
    'lane-queue-order',
    'lane-queue-payment',
    'lane-dead-letters-sweep',
    'lane-parked',
  ]);
  expect(new Set(['queue-order', 'consumer-order', 'dead-letters-order'].map((id) => box(id).y)).size).toBe(1);
  expect(box('queue-order').x).toBe(box('queue-payment').x);
  expect(box('parked').x).toBe(box('dead-letters-sweep').x);
});

test('rows stand in the order in which a screen reader meets them', () => {
  const tops = lanesOf(shopMap).map(({ queue, letters }) => box((queue ?? letters)?.id ?? '').y);
  expect(tops).toEqual([...tops].sort((one, other) => one - other));
});

test('what consumers publish goes around the rows, and into the bus from its left', () => {
  const points = [...pathOf('consumer-payment', 'bus').matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
  const right = Math.max(...[...boxes.values()].map((one) => one.x + one.width));
  const bottom = Math.max(...[...boxes.values()].map((one) => one.y + one.height));
  expect(Math.max(...points.map(({ x }) => x))).toBeGreaterThan(right);
  expect(Math.max(...points.map(({ y }) => y))).toBeGreaterThan(bottom);
  expect(points.at(-1)?.x).toBe(box('bus').x);
});

test('the numbers have their place on the line from a queue to its consumer', () => {
  const label = paths.find(({ edge }) => edge.kind === 'receive' && edge.from === 'queue-order')?.label;
  expect(label?.x).toBeGreaterThan(box('queue-order').x + box('queue-order').width);
  expect(label?.x).toBeLessThan(box('consumer-order').x);
});
