import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalog } from '../../contracts/catalog.ts';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { goodsOf, type OrderPlaced } from '../../contracts/order.ts';
import { cancelRequested } from '../builders/events.ts';
import { published, publishedSchemaErrors } from '../builders/published-schemas.ts';
import { quietLog } from '../builders/quiet-log.ts';
import { SimulatedShop } from '../builders/simulated-shop.ts';
import { wholeOrders } from '../builders/whole-orders.ts';

quietLog();

const sentByTheShop = new Set(catalog.filter(({ sentBy }) => sentBy === 'stack').map(({ type }) => type));

type Story = { order: OrderPlaced; isCancelled: boolean; isShort: boolean; isLate: boolean; numbers: number[] };

const stories = fc.record({
  order: wholeOrders as unknown as fc.Arbitrary<OrderPlaced>,
  isCancelled: fc.boolean(),
  isShort: fc.boolean(),
  isLate: fc.boolean(),
  numbers: fc.array(fc.nat(), { maxLength: 40 }),
});

/** Lets the shop's own consumers decide an order, and returns every event that they sent. */
async function eventsAbout({ order, isCancelled, isShort, isLate, numbers }: Story): Promise<CloudEvent[]> {
  const goods = isShort ? [] : goodsOf(order.data.items);
  const shop = new SimulatedShop(Object.fromEntries(goods.map(({ sku, quantity }) => [sku, quantity])));
  const { orderId } = order.data;
  if (isLate) for (const waiting of [shop.mayBeReminded, shop.mayTimeOut]) waiting.add(orderId);
  const sent: CloudEvent[] = [];
  const { simulation } = shop;
  const deliver = simulation.send.bind(simulation);
  simulation.send = (event) => {
    if (sentByTheShop.has(event.type)) sent.push(event);
    deliver(event);
  };
  simulation.send({ ...order, subject: orderId });
  if (isCancelled) simulation.send(cancelRequested({ orderId }));
  await simulation.run(numbers);
  return sent;
}

test('Every event that the shop sends about any order satisfies its own published schema', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      for (const event of await eventsAbout(story)) {
        seen.add(event.type);
        // As subscribers read it.
        const received = JSON.parse(JSON.stringify(event));
        expect(publishedSchemaErrors(event.type, received), JSON.stringify(received)).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      ...['shop.order.progressed.v1', 'shop.order.confirmed.v1', 'shop.order.cancelled.v1'],
      ...[
        'shop.payment.authorized.v1',
        'shop.payment.captured.v1',
        'shop.payment.voided.v1',
        'shop.payment.refunded.v1',
      ],
      ...['shop.stock.reserved.v1', 'shop.stock.rejected.v1', 'shop.stock.released.v1', 'shop.notification.sent.v1'],
    ]),
  );
  expect([...published.keys()]).toEqual(expect.arrayContaining([...seen]));
});
