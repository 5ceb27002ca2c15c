import { expect, test } from 'vitest';
import { orderCancelled, orderPlaced } from '../../../contracts/order.ts';
import { mergeSorted } from '../../../ops/replay/archive.ts';
import { createEventSelector, selectionFor } from '../../../ops/replay/select.ts';
import { cancelled, placed } from '../../builders/events.ts';

const time = '2026-11-21T09:00:00.000Z';
const archived = (event: unknown) => ({ time, body: JSON.stringify(event) });
const contracts = [orderPlaced, orderCancelled];

test('events that the consumer understands are selected and counted by type, and others are left out', () => {
  const { select, counts } = createEventSelector({ contracts: [orderPlaced] });
  expect(select(archived(placed()))).toMatchObject({ type: 'shop.order.placed.v1', orderId: placed().data.orderId });
  expect(select(archived(cancelled()))).toBeUndefined();
  expect(counts).toEqual({ count: 1, types: { 'shop.order.placed.v1': 1 }, repeated: 0, broken: 0 });
});

test('types and an order narrow the selection', () => {
  const { select } = createEventSelector({ contracts, types: ['shop.order.cancelled.v1'], orderId: 'o-2' });
  expect(select(archived(placed({ orderId: 'o-2' })))).toBeUndefined();
  expect(select(archived(cancelled({ orderId: 'o-1' })))).toBeUndefined();
  expect(select(archived(cancelled({ orderId: 'o-2' })))).toMatchObject({ orderId: 'o-2' });
});

test('the body of a selected event is unchanged, unknown fields included', () => {
  const body = JSON.stringify({ ...placed(), extra: 1 }, null, 3);
  expect(createEventSelector({ contracts }).select({ time, body })?.body).toBe(body);
});

test('an event is selected once, however often it was archived', () => {
  const { select, counts } = createEventSelector({ contracts });
  expect([archived(placed()), archived(placed())].map(select).filter(Boolean)).toHaveLength(1);
  expect(counts).toMatchObject({ count: 1, repeated: 1 });
});

test('an event that breaks its contract is counted and not selected: it would only be dead-lettered again', () => {
  const { select, counts } = createEventSelector({ contracts });
  expect(select(archived({ ...placed(), data: { orderId: 'o-1' } }))).toBeUndefined();
  expect(select({ time, body: 'no JSON' })).toBeUndefined();
  expect(counts).toMatchObject({ count: 0, broken: 2 });
});

test('an unknown consumer and a type it does not understand are refused with the known ones', () => {
  expect(() => selectionFor('shipment', {})).toThrow(
    'There is no consumer shipment: --to takes one of order, outcomes, payment',
  );
  expect(() => selectionFor('shipping', { types: ['shop.order.placed.v1'] })).toThrow(
    'shipping does not understand shop.order.placed.v1, only shop.order.progressed.v1.',
  );
});

test('sorted sequences are merged into one', async () => {
  async function* of(...values: string[]) {
    yield* values;
  }
  const all: string[] = [];
  for await (const one of mergeSorted([of('b', 'd'), of(), of('a', 'c', 'e')], (value) => value)) all.push(one);
  expect(all).toEqual(['a', 'b', 'c', 'd', 'e']);
});
