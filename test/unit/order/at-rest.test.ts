import { describe, expect, test } from 'vitest';
import { cancelRequested, placed, priced } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

quietLog();

/** A shop that publishes an order's decisions again with every delivery. */
function forgetfulShop() {
  const shop = new SimulatedShop({ A: 5 });
  shop.orders.advanceFails = () => true;
  return shop;
}

/** Does something before each call of one kind to the gateway. */
function beforeEachCall(shop: SimulatedShop, call: 'authorize' | 'capture', act: () => void) {
  const original: (...given: never[]) => Promise<unknown> = shop.gateway[call].bind(shop.gateway);
  Object.assign(shop.gateway, {
    [call]: (...given: never[]) => {
      act();
      return original(...given);
    },
  });
}

describe('A shop in which the number of published steps is never saved comes to rest', () => {
  test('with a confirmed order', async () => {
    const shop = forgetfulShop();
    shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')] }));
    await shop.simulation.run([]);
    expect(shop.orders.items.get('o-1')?.status).toBe('CONFIRMED');
    expect(shop.gateway.entries('capture', 'o-1')).toHaveLength(1);
  });

  test.each([
    ['authorize', 'CANCELLED', ['authorization', 'void']],
    ['capture', 'CANCELLED', ['authorization', 'capture', 'refund']],
  ] as const)('with an order that its customer cancels during %s', async (call, status, moves) => {
    const shop = forgetfulShop();
    beforeEachCall(shop, call, () => shop.simulation.send(cancelRequested({ orderId: 'o-1' })));
    shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')] }));
    await shop.simulation.run([]);
    expect(shop.orders.items.get('o-1')?.status).toBe(status);
    expect(shop.gateway.ledger.map(({ kind }) => kind)).toEqual(moves);
  });

  test('with an order whose authorization lapses after its confirmation', async () => {
    const shop = forgetfulShop();
    shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A')], token: 'tok_lapses' }));
    await shop.simulation.run([]);
    expect(shop.orders.items.get('o-1')).toMatchObject({ status: 'CANCELLED', reason: 'payment-declined' });
    expect(shop.stock.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
    expect(shop.shipments.items.get('o-1')?.shipment).toHaveProperty('cancelledAt');
    expect(shop.texts.at(-1)).toBe('o-1 order-cancelled');
  });
});
