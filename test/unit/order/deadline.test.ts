import { describe, expect, test } from 'vitest';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import { unremindedShards } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { delivery } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  deadlinePassed,
  declined,
  line,
  placed,
  priced,
  refunded,
  rejected,
  reserved,
  voided,
} from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';
import { publishedBy } from '../../builders/transitions.ts';

quietLog();

const now = new Date('2026-11-21T09:00:05Z');

const orderAfter = (...events: OrderInput[]): Order | undefined =>
  events.reduce<Order | undefined>((order, event) => nextOrder(order, delivery(event), now).after ?? order, undefined);

describe('An order whose deadline passes', () => {
  test.each<[string, OrderInput[]]>([
    ['without any outcome', []],
    ['that is authorized', [authorized()]],
    ['that is captured', [captured()]],
    ['whose card was declined', [declined()]],
    ['whose goods are reserved', [reserved()]],
    ['whose goods are out of stock', [rejected()]],
  ])('is cancelled as timed-out: an order %s', (_, known) => {
    const step = nextOrder(orderAfter(placed(), ...known), delivery(deadlinePassed()), now);
    const order = step.after;
    expect(order).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
    expect(order?.timeline.slice(-2)).toEqual([
      { time: deadlinePassed().time, type: 'shop.order.deadline-passed.v1', source: '/shop/sweep' },
      { time: now.toISOString(), type: 'shop.order.cancelled.v1', source: '/shop/order' },
    ]);
    expect(publishedBy(step).at(-1)).toMatchObject({
      type: 'shop.order.cancelled.v1',
      data: { orderId: 'o-1001', reason: 'timed-out' },
    });
  });

  test.each<[string, OrderInput[], string]>([
    ['confirmed', [placed(), authorized(), reserved()], 'CONFIRMED'],
    ['cancelled', [placed(), cancelRequested()], 'CANCELLED'],
    ['cancelled', [cancelRequested()], 'CANCELLED'],
    ['cancelled', [cancelRequested(), placed()], 'CANCELLED'],
    ['cancelled', [placed(), authorized(), reserved(), declined()], 'CANCELLED'],
  ])('stays %s when it is already decided, and the event is not recorded', (_, known, status) => {
    const order = orderAfter(...known);
    expect(nextOrder(order, delivery(deadlinePassed()), now).after).toBeUndefined();
    expect(order?.status).toBe(status);
  });

  test.each<[string, OrderInput[]]>([
    ['an unknown order', []],
    ['an order known only from an outcome', [captured()]],
  ])('is cancelled although it has not come: %s', (_, known) => {
    const order = orderAfter(...known, deadlinePassed());
    expect(order).toMatchObject({ status: 'CANCELLED', reason: 'timed-out', expiresAt: expect.any(Number) });
    expect(orderAfter(...known, deadlinePassed(), placed())).toMatchObject({ status: 'CANCELLED', items: [line()] });
  });

  test('stays timed-out, whatever arrives late', () => {
    const order = orderAfter(placed(), deadlinePassed());
    for (const late of [authorized(), captured(), declined(), voided(), reserved(), rejected(), refunded()]) {
      const step = nextOrder(order, delivery(late), now);
      expect(step.after).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
      expect(step.after?.timeline).toHaveLength((order?.timeline.length ?? 0) + 1);
    }
  });
});

describe('The index of orders', () => {
  const inShard = (state: string, since = now) => ({
    open: expect.stringMatching(new RegExp(`^${state}-[0-7]$`)),
    openSince: since.toISOString(),
  });

  test('contains an order from its first event by our own clock', () => {
    for (const known of [authorized(), captured(), declined(), reserved(), rejected(), voided()])
      expect(orderAfter(known)).toMatchObject(inShard('reminded'));
    expect(orderAfter(placed())).toMatchObject(inShard('open'));
    expect(orderAfter(authorized(), placed())).toMatchObject(inShard('open'));
    expect(orderAfter(placed(), authorized())).toMatchObject(inShard('open'));
  });

  test('contains a decided order by the moment of its decision', () => {
    const later = new Date('2026-11-21T10:00:00Z');
    for (const deciding of [reserved(), rejected(), cancelRequested(), deadlinePassed()]) {
      const { after } = nextOrder(orderAfter(placed(), authorized()), delivery(deciding), later);
      expect(after).toMatchObject(inShard('decided', later));
    }
    for (const known of [
      [authorized(), reserved(), placed()],
      [cancelRequested()],
      [cancelRequested(), placed()],
      [authorized(), cancelRequested(), placed()],
    ])
      expect(orderAfter(...known)).toMatchObject(inShard('decided'));
  });

  test('spreads the orders evenly over the shards that the sweep reads', () => {
    const parts = new Map(unremindedShards.map((part) => [part, 0]));
    for (let index = 0; index < 4_000; index += 1) {
      const { open = '' } = orderAfter(placed({ orderId: `o-${index}` })) ?? {};
      expect(parts.has(open)).toBe(true);
      parts.set(open, (parts.get(open) ?? 0) + 1);
    }
    for (const count of parts.values()) {
      expect(count).toBeGreaterThan(400);
      expect(count).toBeLessThan(600);
    }
  });
});

describe("A payment authorized around an order's timeout", () => {
  test.each([
    ['whose response was lost', true],
    ['that never reached the gateway', false],
  ])('%s is held by nobody in the end, nothing is taken, and the goods are released', async (_, held) => {
    const shop = new SimulatedShop({ A: 5 });
    const { authorize, find } = shop.gateway;
    let isDown = true;
    // The gateway authorizes without a response and is down until the order is cancelled.
    shop.gateway.authorize = async (...args) => {
      shop.mayTimeOut.add('o-1');
      const answer = held || !isDown ? await authorize.apply(shop.gateway, args) : undefined;
      if (answer !== undefined && !isDown) return answer;
      throw new UnavailableError('The response was lost');
    };
    shop.gateway.find = (...args) => {
      shop.simulation.onIdle();
      isDown = shop.orders.items.get('o-1')?.status !== 'CANCELLED';
      return isDown ? Promise.reject(new UnavailableError('down')) : find.apply(shop.gateway, args);
    };
    shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A', 2)] }));
    await shop.simulation.run([]);
    expect(shop.orders.items.get('o-1')).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
    // The cancellation may not have come to payment yet when the gateway is back: then it is authorized late and voided.
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(['authorization', 'void']);
    expect(shop.payments.items.get('o-1')).toMatchObject({ state: 'voided' });
    expect(shop.stock.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
    expect(shop.texts).toEqual(['o-1 order-cancelled']);
    expect(shop.shipments.items.get('o-1')).toMatchObject({ status: 'CANCELLED' });
    expect(shop.shipments.items.get('o-1')).not.toHaveProperty('shipment');
    expect(shop.simulation.deadLetters).toEqual([]);
  });
});
