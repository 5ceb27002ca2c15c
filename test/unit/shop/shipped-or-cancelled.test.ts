import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OrderCancelRefused } from '../../../contracts/order.ts';
import { cancelRequested, placed, priced, shipped } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { SimulatedShop } from '../../builders/simulated-shop.ts';

quietLog();

const REQUESTS = ['c-1', 'c-2'];

/** Has an order shipped and cancelled at the same moment, when it is captured or later; each message comes more than once. */
async function race(
  during: 'capture' | 'rest',
  shipsFirst: boolean,
  numbers: readonly number[],
): Promise<SimulatedShop> {
  const shop = new SimulatedShop({ A: 5 });
  let isSent = false;
  const race = () => {
    if (isSent) return;
    isSent = true;
    const requests = [...REQUESTS, ...REQUESTS].map((id) => cancelRequested({ orderId: 'o-1', id }));
    const parcels = ['p-1', 'p-2', 'p-1'].map((id) => shipped({ orderId: 'o-1', id }));
    for (const event of shipsFirst ? [...parcels, ...requests] : [...requests, ...parcels]) shop.simulation.send(event);
  };
  const capture = shop.gateway.capture.bind(shop.gateway);
  shop.gateway.capture = (...given) => {
    if (during === 'capture') race();
    return capture(...given);
  };
  shop.simulation.send(placed({ orderId: 'o-1', items: [priced('A', 2, 500)] }));
  await shop.simulation.run(during === 'capture' ? numbers : []);
  race();
  await shop.simulation.run(during === 'capture' ? [] : numbers);
  return shop;
}

/** Returns the requests that were answered: by the cancellation itself, or by a refusal. */
function answered(shop: SimulatedShop): string[] {
  const noted = shop.orders.items
    .get('o-1')
    ?.timeline.flatMap(({ id }) => id?.match(/^\/shop\/account (.+)$/)?.[1] ?? []);
  const refused = shop.simulation.published
    .filter((event) => event.type === 'shop.order.cancel-refused.v1')
    .map((event) => (event as OrderCancelRefused).data.id);
  return [...new Set([...(noted ?? []), ...refused])].sort();
}

test('Of a parcel and a cancellation at the same moment one wins, the same everywhere, and every request is answered', {
  timeout: 60_000,
}, async () => {
  const numbers = fc.array(fc.nat({ max: 10_000 }), { maxLength: 200, size: 'max' });
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('capture' as const, 'rest' as const),
      fc.boolean(),
      numbers,
      async (during, shipsFirst, chance) => {
        const shop = await race(during, shipsFirst, chance);
        const order = shop.orders.items.get('o-1');
        ends.add(`${during} ${order?.status}`);
        const moves = shop.gateway.ledger.map(({ kind }) => kind);
        const [payment, reservation] = [shop.payments.items.get('o-1'), shop.stock.reservations.get('o-1')];
        expect(answered(shop)).toEqual(REQUESTS);
        const failed = shop.simulation.deadLetters.map(({ event }) => JSON.parse(event).type);
        if (order?.status === 'CONFIRMED') {
          expect(order).toMatchObject({ dispatched: true });
          expect(order).not.toHaveProperty('contradiction');
          expect(payment).toMatchObject({ state: 'captured', dispatched: true });
          expect(reservation).toMatchObject({ state: 'sold', dispatched: true });
          expect(moves).toEqual(['authorization', 'capture']);
          expect(failed).toEqual([]);
        } else {
          expect(order).toMatchObject({ reason: 'customer', contradiction: 'shipped-after-cancellation' });
          expect(['authorization,capture,refund', 'authorization,void']).toContain(moves.join());
          expect(shop.stock.shelf('A')).toEqual({ sku: 'A', available: 5, reserved: 0, sold: 0 });
          // Each of them is an alarm.
          expect(new Set(failed)).toEqual(new Set(['shop.order.shipped.v1']));
        }
        expect(shop.shipments.items.get('o-1')?.status).toBe(order?.status);
      },
    ),
    { numRuns: 60 },
  );
  expect([...ends].sort()).toEqual(['capture CANCELLED', 'capture CONFIRMED', 'rest CANCELLED', 'rest CONFIRMED']);
});
