import { expect, test } from 'vitest';
import { orderCancelled, orderCancelRequested, orderPlaced } from '../../../contracts/order.ts';
import { createEventSelector, selectionFor } from '../../../ops/replay/select.ts';
import { cancelled, placed } from '../../builders/events.ts';

const time = '2026-11-21T09:00:00.000Z';
const archived = (event: unknown) => ({ time, body: JSON.stringify(event) });
const contracts = [orderPlaced, orderCancelled];

test('events that the consumer understands are selected and counted by type, and others are left out', () => {
  const { select, counts } = createEventSelector({ contracts: [orderPlaced] });
  expect(select(archived(placed()))).toMatchObject({ type: 'shop.order.placed.v1', orderId: placed().data.orderId });
  expect(select(archived(cancelled()))).toBeUndefined();
  expect(counts).toEqual({
    count: 1,
    types: { 'shop.order.placed.v1': 1 },
    repeated: 0,
    clashing: 0,
    broken: 0,
    oversized: 0,
  });
});

test('types and an order narrow the selection', () => {
  const { select } = createEventSelector({ contracts, types: ['shop.order.cancelled.v1'], orderId: 'o-2' });
  expect(select(archived(placed({ orderId: 'o-2' })))).toBeUndefined();
  expect(select(archived(cancelled({ orderId: 'o-1' })))).toBeUndefined();
  expect(select(archived(cancelled({ orderId: 'o-2' })))).toMatchObject({ orderId: 'o-2' });
});

test('of one order only its own broken events are counted, and those of which nobody knows whose they are are not', () => {
  const broken = (orderId: unknown) => archived({ ...placed(), data: { orderId } });
  const { select, counts } = createEventSelector({ contracts, orderId: 'o-2' });
  for (const message of [broken('o-1'), broken('o-2'), broken(undefined)]) expect(select(message)).toBeUndefined();
  expect(counts.broken).toBe(1);
  const all = createEventSelector({ contracts });
  for (const message of [broken('o-1'), broken('o-2'), broken(undefined)]) all.select(message);
  expect(all.counts.broken).toBe(3);
});

test('the body of a selected event is unchanged, unknown fields included', () => {
  const body = JSON.stringify({ ...placed(), extra: 1 }, null, 3);
  expect(createEventSelector({ contracts }).select({ time, body })?.body).toBe(body);
});

test('an event is selected once, however often it was archived and under whichever ids its publisher sent it', () => {
  const { select, counts } = createEventSelector({ contracts });
  const { data, ...envelope } = placed();
  const again = [
    { ...envelope, data },
    { ...envelope, id: 'another', source: '/shop/outbox', time: '2026-11-21T09:00:05Z', data },
    { ...envelope, id: 'a third', data: Object.fromEntries(Object.entries(data).toReversed()) },
  ];
  expect(again.map(archived).map(select).filter(Boolean)).toHaveLength(1);
  expect(counts).toMatchObject({ count: 1, repeated: 2, clashing: 0 });
});

test('different events under one id and source are all selected, and counted: some publishers use the id of the order', () => {
  const { select, counts } = createEventSelector({ contracts: [orderPlaced, orderCancelRequested] });
  const name = { id: 'o-1', source: '/shop/checkout' };
  const events = [
    { ...placed({ orderId: 'o-1' }), ...name },
    { ...placed({ orderId: 'o-1' }), ...name, type: orderCancelRequested.type, data: { orderId: 'o-1' } },
    { ...placed({ orderId: 'o-1', phone: '+821099999999' }), ...name },
    { ...placed({ orderId: 'o-1' }), ...name },
  ];
  expect(
    events
      .map(archived)
      .map(select)
      .map((event) => event?.type),
  ).toEqual([orderPlaced.type, orderCancelRequested.type, orderPlaced.type, undefined]);
  expect(counts).toEqual({
    count: 3,
    types: { [orderPlaced.type]: 2, [orderCancelRequested.type]: 1 },
    repeated: 1,
    clashing: 2,
    broken: 0,
    oversized: 0,
  });
});

test('an event that breaks its contract is counted and not selected: it would only be dead-lettered again', () => {
  const { select, counts } = createEventSelector({ contracts });
  expect(select(archived({ ...placed(), data: { orderId: 'o-1' } }))).toBeUndefined();
  expect(select({ time, body: 'no JSON' })).toBeUndefined();
  expect(counts).toMatchObject({ count: 0, broken: 2 });
});

test('an event that is too large for the envelope of a replay is counted and not selected: it would end every replay', () => {
  const { select, counts } = createEventSelector({ contracts });
  const empty = archived({ ...placed(), note: '' }).body.length;
  const ofBytes = (bytes: number) => archived({ ...placed(), note: 'x'.repeat(bytes - empty) });
  // A queue takes it as it is, and no longer with its quotes escaped.
  expect(select(ofBytes(1_048_576))?.type).toBeUndefined();
  expect(select(ofBytes(1_047_000))?.type).toBe(orderPlaced.type);
  expect(counts).toMatchObject({ count: 1, oversized: 1 });
});

test('an unknown consumer and a type it does not understand are refused with the known ones', () => {
  expect(() => selectionFor('shipment', {})).toThrow(
    'There is no consumer shipment: --to takes one of order, outcomes, payment',
  );
  expect(() => selectionFor('shipping', { types: ['shop.order.placed.v1'] })).toThrow(
    'shipping does not understand shop.order.placed.v1, only shop.order.progressed.v1.',
  );
});

test('a misspelt consumer or type is refused with the one that may be meant', () => {
  expect(() => selectionFor('paymnt')).toThrow(/Did you mean payment\?$/);
  expect(() => selectionFor('payment', { types: ['shop.order.place.v1'] })).toThrow(
    /Did you mean shop\.order\.placed\.v1\?$/,
  );
});

test('a partner is sent what its settings name, or every step of the lifecycle feed, and nothing else', () => {
  const partners = { crm: { events: ['shop.order.confirmed.v1'] }, ledger: { events: 'lifecycle' as const } };
  const typesFor = (name: string) => selectionFor(name, {}, partners).contracts.map(({ type }) => type);
  expect(typesFor('crm')).toEqual(['shop.order.confirmed.v1']);
  expect(typesFor('ledger')).toEqual(['shop.order.progressed.v1']);
  expect(() => selectionFor('crm', { types: ['shop.order.cancelled.v1'] }, partners)).toThrow(
    'crm does not get shop.order.cancelled.v1, only shop.order.confirmed.v1.',
  );
  expect(() => selectionFor('ledgr', {}, partners)).toThrow(
    /There is no consumer or partner ledgr: .*, and of the partners crm, ledger\. Did you mean ledger\?$/,
  );
});
