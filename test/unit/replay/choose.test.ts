import { expect, test } from 'vitest';
import { orderCancelled, orderPlaced } from '../../../contracts/order.ts';
import { createEventSelector } from '../../../ops/replay/choose.ts';
import { selectionFor } from '../../../ops/replay/command.ts';
import { mergeSorted } from '../../../ops/replay/merge.ts';
import { cancelled, placed } from '../../builders/events.ts';

const time = '2026-11-21T09:00:00.000Z';
const kept = (event: unknown) => ({ time, body: JSON.stringify(event) });
const contracts = [orderPlaced, orderCancelled];

test('what a consumer understands is chosen and counted by type, and what it does not is left out', () => {
  const { choose, tally } = createEventSelector({ contracts: [orderPlaced] });
  expect(choose(kept(placed()))).toMatchObject({ type: 'shop.order.placed.v1', orderId: placed().data.orderId });
  expect(choose(kept(cancelled()))).toBeUndefined();
  expect(tally).toEqual({ count: 1, types: { 'shop.order.placed.v1': 1 }, repeated: 0, broken: 0 });
});

test('types and an order narrow it', () => {
  const { choose } = createEventSelector({ contracts, types: ['shop.order.cancelled.v1'], order: 'o-2' });
  expect(choose(kept(placed({ orderId: 'o-2' })))).toBeUndefined();
  expect(choose(kept(cancelled({ orderId: 'o-1' })))).toBeUndefined();
  expect(choose(kept(cancelled({ orderId: 'o-2' })))).toMatchObject({ orderId: 'o-2' });
});

test('the body stays as it was, unknown fields included', () => {
  const body = JSON.stringify({ ...placed(), extra: 1 }, null, 3);
  expect(createEventSelector({ contracts }).choose({ time, body })?.body).toBe(body);
});

test('an event is chosen once, however often it was kept', () => {
  const { choose, tally } = createEventSelector({ contracts });
  expect([kept(placed()), kept(placed())].map(choose).filter(Boolean)).toHaveLength(1);
  expect(tally).toMatchObject({ count: 1, repeated: 1 });
});

test('what breaks its contract is counted and not sent: it would only become a dead letter again', () => {
  const { choose, tally } = createEventSelector({ contracts });
  expect(choose(kept({ ...placed(), data: { orderId: 'o-1' } }))).toBeUndefined();
  expect(choose({ time, body: 'no JSON' })).toBeUndefined();
  expect(tally).toMatchObject({ count: 0, broken: 2 });
});

test('an unknown consumer and a type it does not understand are refused with what there is', () => {
  expect(() => selectionFor('shipment', {})).toThrow(
    'There is no consumer shipment: --to takes one of order, outcomes, payment',
  );
  expect(() => selectionFor('shipping', { type: ['shop.order.placed.v1'] })).toThrow(
    'shipping does not understand shop.order.placed.v1, only shop.order.progressed.v1.',
  );
});

test('sorted sequences become one', async () => {
  async function* of(...values: string[]) {
    yield* values;
  }
  const all: string[] = [];
  for await (const one of mergeSorted([of('b', 'd'), of(), of('a', 'c', 'e')], (value) => value)) all.push(one);
  expect(all).toEqual(['a', 'b', 'c', 'd', 'e']);
});
