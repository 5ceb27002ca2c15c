import { describe, expect, test } from 'vitest';
import { openShards, unremindedShards } from '../../../lambdas/order/open-orders.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from '../../../lambdas/order/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelRequested, captured, deadlinePassed, placed, priced, reminderDue } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

quietLog();

const now = new Date('2026-11-21T15:00:00Z');
const stepAfter = (known: readonly OrderInput[], event: OrderInput) =>
  nextOrder(orderAfter(known), delivery(event), now);
const orderAfter = (events: readonly OrderInput[]): Order | undefined =>
  events.reduce<Order | undefined>((order, event) => nextOrder(order, delivery(event), now).after ?? order, undefined);
const typesOf = (events: readonly { type: string }[] = []) => events.map(({ type }) => type);

describe('An order of whose delay the customer should be told', () => {
  test('says so on the bus and on its feed, and stays undecided', () => {
    const { after, publish = [] } = stepAfter([placed()], reminderDue());
    expect(after).toMatchObject({ status: 'PLACED' });
    expect(after?.timeline.at(-1)).toMatchObject({ type: 'shop.order.reminder-due.v1', source: '/shop/sweep' });
    expect(publish.at(-1)).toMatchObject({
      id: 'o-1001.delayed',
      type: 'shop.order.delayed.v1',
      source: '/shop/order',
    });
    expect(publish.at(-2)).toMatchObject({ data: { sequence: 2, step: 'shop.order.reminder-due.v1' } });
  });

  test('leaves the part of the index that reminders are looked for in, and stays in the index with its age', () => {
    const before = orderAfter([placed()]);
    const { after } = stepAfter([placed()], reminderDue());
    expect(unremindedShards).toContain(before?.open);
    expect(unremindedShards).not.toContain(after?.open);
    expect(openShards).toContain(after?.open);
    expect(after?.openSince).toBe(before?.openSince);
  });

  test('is out of the index once it is decided, and can still time out', () => {
    expect(orderAfter([placed(), reminderDue(), deadlinePassed()])).toMatchObject({ reason: 'timed-out' });
    expect(orderAfter([placed(), reminderDue(), cancelRequested()])).not.toHaveProperty('open');
  });

  test.each<[string, OrderInput[]]>([
    ['is decided', [placed(), cancelRequested()]],
    ['is not known yet', []],
    ['is known only from an outcome', [captured()]],
  ])('but %s leaves no trace of it', (_, known) => {
    const { after, publish } = stepAfter(known, reminderDue());
    expect(after).toBeUndefined();
    expect(typesOf(publish)).not.toContain('shop.order.delayed.v1');
  });

  test('is not called delayed any more where the decision came before that was out', () => {
    const { publish } = stepAfter([placed(), reminderDue()], cancelRequested());
    expect(typesOf(publish)).not.toContain('shop.order.delayed.v1');
    expect(typesOf(publish).at(-1)).toBe('shop.order.cancelled.v1');
  });
});

describe('What is noted as published', () => {
  const steps = (events: readonly OrderInput[], event: OrderInput) => stepAfter(events, event).publish ?? [];

  test('leaves a reminder out while the news of the delay is not out', () => {
    const all = steps([placed()], reminderDue());
    expect(publishedSteps(all).get('o-1001')).toBe(2);
    expect(publishedSteps(all.filter(({ type }) => type !== 'shop.order.delayed.v1')).get('o-1001')).toBe(1);
  });

  test('counts it where the order is decided, of which no delay is news', () => {
    const all = steps([placed(), reminderDue()], cancelRequested());
    expect(publishedSteps(all).get('o-1001')).toBe(4);
  });
});

test('The customer of an order that is decided late is told of the delay and then of the decision, each once', async () => {
  const shop = new SimulatedShop({ A: 5 });
  const { capture } = shop.gateway;
  let asked = 0;
  shop.gateway.capture = async (charge) => {
    asked += 1;
    // The sweep comes by again and again while the gateway takes its time.
    shop.mayBeReminded.add('o-1');
    shop.simulation.whenIdle();
    if (!shop.texts.includes('o-1 order-delayed')) throw new Error('not now');
    return capture.call(shop.gateway, charge);
  };
  shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')] }));
  // Everybody gets a turn while payment tries again and again.
  await shop.simulation.run(Array.from({ length: 200 }, (_, index) => 7 * index + 5));
  expect(asked).toBeGreaterThan(1);
  expect(shop.texts).toEqual(['o-1 order-delayed', 'o-1 order-confirmed']);
  expect(shop.orders.items.get('o-1')?.timeline.map(({ type }) => type)).toContain('shop.order.reminder-due.v1');
});
