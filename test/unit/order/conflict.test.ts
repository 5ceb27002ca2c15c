import { describe, expect, test } from 'vitest';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  line,
  placed,
  priced,
  reconciliationDue,
  reserved,
} from '../../builders/events.ts';

const now = new Date('2026-11-21T09:00:05Z');

const after = (...events: OrderInput[]) =>
  events.reduce<Order | undefined>((order, event) => nextOrder(order, delivery(event), now).after ?? order, undefined);

const twoItems = placed({ items: [priced('A', 2), priced('B', 1)] });

describe('A conflict with the recorded order is rejected', () => {
  test.each<[string, OrderInput[], OrderInput]>([
    ['the same order with another total', [placed()], placed({ items: [{ sku: 'KB-01', quantity: 1, unitPrice: 1 }] })],
    ['the same order in another currency', [placed()], placed({ currency: 'USD' })],
    [
      'the same order with other items of the same price',
      [placed()],
      placed({ items: [{ sku: 'KB-02', quantity: 1, unitPrice: 12_000 }] }),
    ],
    [
      'the same order with one item more',
      [placed()],
      placed({ items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12_000 }, priced('X', 1, 0)] }),
    ],
    [
      'the same order with another total, also once it is decided',
      [placed(), authorized(), reserved()],
      placed({ currency: 'USD' }),
    ],
    [
      'the same order with another total, also where it came after its cancellation',
      [cancelRequested(), placed()],
      placed({ currency: 'USD' }),
    ],
    [
      'another amount captured than authorized, once it is confirmed',
      [placed(), authorized(), reserved()],
      captured({ amount: 1 }),
    ],
  ])('%s', (_, known, event) => {
    const order = after(...known);
    const kept = structuredClone(order);
    expect(() => nextOrder(order, delivery(event), now)).toThrow(ConflictError);
    expect(order).toEqual(kept);
  });
});

describe('An event that matches the recorded order is accepted', () => {
  test.each<[string, OrderInput[], OrderInput]>([
    ['the same order in a new message', [placed()], placed({ id: 'another' })],
    ['the same items in another sequence', [twoItems], placed({ items: [priced('B', 1), priced('A', 2)] })],
    ['the same items on more lines', [twoItems], placed({ items: [priced('A', 1), priced('B', 1), priced('A', 1)] })],
    [
      'items reserved in one line per SKU',
      [placed({ items: [priced('A', 1), priced('A', 1)] })],
      reserved({ items: [line('A', 2)] }),
    ],
    ['the amount authorized', [placed()], authorized()],
    ['the amount captured', [placed()], captured()],
    ['any order that was cancelled before it came', [cancelRequested()], twoItems],
    [
      'the order of a cancellation whose goods were taken over from stock, and not how it is paid',
      [reconciliationDue({ decision: 'cancelled', items: [line()] })],
      placed(),
    ],
  ])('%s', (_, known, event) => {
    expect(() => nextOrder(after(...known), delivery(event), now)).not.toThrow();
  });
});

test('A ConflictError names the order and quotes neither amounts nor items', () => {
  const refused = () => nextOrder(after(placed()), delivery(placed({ currency: 'USD' })), now);
  expect(refused).toThrow('Order o-1001 was already placed with another total');
});
