import { describe, expect, test } from 'vitest';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import { openShards, unremindedShards } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { authorized, cancelRequested, deadlinePassed, placed, priced, reminderDue } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';
import { publishedBy } from '../../builders/transitions.ts';

quietLog();

const now = new Date('2026-11-21T15:00:00Z');
const stepAfter = (known: readonly OrderInput[], event: OrderInput) =>
  nextOrder(orderAfter(known), delivery(event), now);
const orderAfter = (events: readonly OrderInput[]): Order | undefined =>
  events.reduce<Order | undefined>((order, event) => nextOrder(order, delivery(event), now).after ?? order, undefined);
const typesOf = (events: readonly { type: string }[] = []) => events.map(({ type }) => type);

describe('An order whose reminder is due', () => {
  test('publishes order.delayed and a step, and stays undecided', () => {
    const step = stepAfter([placed()], reminderDue());
    const { after } = step;
    const publish = publishedBy(step);
    expect(after).toMatchObject({ status: 'PLACED' });
    expect(after?.timeline.at(-1)).toMatchObject({ type: 'shop.order.reminder-due.v1', source: '/shop/sweep' });
    expect(publish.at(-1)).toMatchObject({
      id: 'o-1001.delayed',
      type: 'shop.order.delayed.v1',
      source: '/shop/order',
    });
    expect(publish.at(-2)).toMatchObject({ data: { sequence: 2, step: 'shop.order.reminder-due.v1' } });
  });

  test('moves to a reminded shard of the index and keeps its age', () => {
    const before = orderAfter([placed()]);
    const { after } = stepAfter([placed()], reminderDue());
    expect(unremindedShards).toContain(before?.open);
    expect(unremindedShards).not.toContain(after?.open);
    expect(openShards).toContain(after?.open);
    expect(after?.openSince).toBe(before?.openSince);
  });

  test('leaves the undecided ones when it is decided, and can still time out', () => {
    expect(orderAfter([placed(), reminderDue(), deadlinePassed()])).toMatchObject({ reason: 'timed-out' });
    expect(openShards).not.toContain(orderAfter([placed(), reminderDue(), cancelRequested()])?.open);
  });

  test.each<[string, OrderInput[]]>([
    ['a decided order', [placed(), cancelRequested()]],
    ['an unknown order', []],
    ['an order that was cancelled before it came', [cancelRequested(), placed()]],
    ['an order known only from an outcome', [authorized()]],
  ])('records and publishes nothing for %s', (_, known) => {
    const step = stepAfter(known, reminderDue());
    expect(step.after).toBeUndefined();
    expect(typesOf(publishedBy(step))).not.toContain('shop.order.delayed.v1');
  });

  test('does not publish order.delayed any more once it is decided', () => {
    const publish = publishedBy(stepAfter([placed(), reminderDue()], cancelRequested()));
    expect(typesOf(publish)).not.toContain('shop.order.delayed.v1');
    expect(typesOf(publish).at(-1)).toBe('shop.order.cancelled.v1');
  });
});

describe('A reminder in the outbox', () => {
  test('is complete only with order.delayed', () => {
    expect(stepAfter([placed()], reminderDue()).outbox?.at(-1)).toMatchObject({
      position: 2,
      events: [{ id: 'o-1001.reminder-due.2' }, { id: 'o-1001.delayed' }],
    });
  });

  test('of a decided order is complete with its step', () => {
    const { outbox } = stepAfter([placed(), reminderDue()], cancelRequested());
    expect(outbox?.find(({ position }) => position === 2)?.events).toHaveLength(1);
  });
});

test('The customer of an order that is decided late is texted about the delay and then the decision, once each', async () => {
  const shop = new SimulatedShop({ A: 5 });
  const { authorize } = shop.gateway;
  let authorizeCalls = 0;
  shop.gateway.authorize = async (...args) => {
    authorizeCalls += 1;
    // The sweep runs repeatedly while the gateway does not answer.
    shop.mayBeReminded.add('o-1');
    shop.simulation.onIdle();
    if (!shop.texts.includes('o-1 order-delayed')) throw new Error('not now');
    return authorize.apply(shop.gateway, args);
  };
  shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')] }));
  // Enough numbers for every consumer to run while payment retries, and none that means a fault or a kill.
  const numbers = Array.from({ length: 600 }, (_, index) => index);
  await shop.simulation.run(numbers.filter((number) => [4, 7, 9, 11, 13, 17].every((one) => number % one > 0)));
  expect(authorizeCalls).toBeGreaterThan(1);
  expect(shop.texts).toEqual(['o-1 order-delayed', 'o-1 order-confirmed']);
  expect(shop.orders.items.get('o-1')?.timeline.map(({ type }) => type)).toContain('shop.order.reminder-due.v1');
});
