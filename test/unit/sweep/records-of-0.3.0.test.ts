import { beforeEach, describe, expect, test } from 'vitest';
import { orderCancelRequested } from '../../../contracts/order.ts';
import { openAttributes } from '../../../lambdas/order/open-orders.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Payment } from '../../../lambdas/payment/record.ts';
import { cancelled, cancelRequested, placed, priced } from '../../builders/events.ts';
import { memorySweep } from '../../builders/memory-sweep.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const order = placed({ orderId: 'o-1', items: [priced('A')] });

/** A shop whose order was confirmed, and its customer's late request noted without effect, as 0.3.0 did. */
async function shopOfBefore() {
  const shop = new SimulatedShop({ A: 5 });
  shop.simulation.send(order);
  await shop.simulation.run([]);
  const record = shop.orders.items.get('o-1') as Order;
  const step = { time: '2026-11-21T09:05:00.000Z', type: orderCancelRequested.type, source: '/shop/account' };
  const timeline = [...record.timeline, step];
  shop.orders.items.set('o-1', { ...record, cancelRequested: true, timeline, published: timeline.length });
  const tables = shop.tables();
  const said: unknown[] = [];
  const { run } = memorySweep(
    tables,
    async (events) =>
      events.map((event) => {
        said.push(event);
        shop.simulation.send(event);
        return undefined;
      }),
    shop.simulation.now,
  );
  /** Runs the sweep an hour later, and the shop until it is at rest. */
  const sweep = async () => {
    shop.simulation.clock += 3_600;
    await run();
    await shop.simulation.run([]);
  };
  return { shop, said, sweep, orderNow: () => shop.orders.items.get('o-1') };
}

describe('A record of 0.3.0', () => {
  test('that is confirmed and on record to have been cancelled too late stays so, whatever the sweep has it told', async () => {
    const { shop, said, sweep, orderNow } = await shopOfBefore();
    await sweep();
    expect(said).toEqual([]);
    shop.notifications.items.delete('o-1');
    shop.orders.items.set('o-1', {
      ...(orderNow() as Order),
      ...openAttributes('due', 'o-1', shop.simulation.now()),
    });
    await sweep();
    expect(said).toHaveLength(1);
    expect(orderNow()?.status).toBe('CONFIRMED');
    expect(shop.gateway.entries('refund', 'o-1')).toEqual([]);
  });

  test('is cancelled by a new request, and refunded once', async () => {
    const { shop, sweep, orderNow } = await shopOfBefore();
    shop.simulation.send(cancelRequested({ orderId: 'o-1', id: 'new' }));
    await shop.simulation.run([]);
    expect(orderNow()).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    await sweep();
    expect(shop.gateway.entries('refund', 'o-1')).toHaveLength(1);
    expect(shop.payments.items.get('o-1')?.state).toBe('refunded');
    expect(shop.stock.shelf('A')).toMatchObject({ available: 5, sold: 0 });
  });

  test.each([true, false])('whose refund was begun ends once; made already: %s', async (isMade) => {
    const { shop, sweep, orderNow } = await shopOfBefore();
    const captured = shop.payments.items.get('o-1') as Payment;
    shop.simulation.send(cancelRequested({ orderId: 'o-1', id: 'new' }));
    await shop.simulation.run([]);
    // What 0.3.0 left: the state alone says that everything is to go back.
    const { refunds: _, ...kept } = { ...captured, version: 9 };
    shop.payments.items.set('o-1', { ...kept, state: 'refunding' });
    shop.gateway.expireIdempotencyKeys();
    if (!isMade)
      shop.gateway.ledger.splice(0, Infinity, ...shop.gateway.ledger.filter(({ kind }) => kind !== 'refund'));
    await sweep();
    expect(shop.gateway.entries('refund', 'o-1')).toHaveLength(1);
    expect(shop.payments.items.get('o-1')).toMatchObject({
      state: 'refunded',
      refunds: [{ amount: 1_000, state: 'done' }],
    });
    shop.simulation.send(cancelled({ orderId: 'o-1' }));
    await sweep();
    expect(shop.gateway.entries('refund', 'o-1')).toHaveLength(1);
    expect(orderNow()?.status).toBe('CANCELLED');
  });
});
