import { randomInt } from 'node:crypto';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, test } from 'vitest';
import { goodsOf, type OrderPlaced } from '../../../contracts/order.ts';
import { mapped, type PlatformOrder, platformOrders } from '../../builders/platform-orders.ts';
import {
  bus,
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  orderOf,
  output,
  paymentIs,
  publish,
  publishAll,
  setStock,
  shelfOf,
} from '../deployed-shop.ts';

const SPARE = 2;

/** Maps an order under an id of its own, in the same shape, so that a test can run twice on one stack. */
function newOrder({ platform, json }: PlatformOrder): OrderPlaced {
  const { orderId } = mapped({ platform, json }).data;
  const digits = String(randomInt(1_000_000)).padStart(6, '0');
  const text = JSON.stringify(mapped({ platform, json }));
  return JSON.parse(text.replaceAll(orderId, orderId.replace(/\d{6}$/, digits)));
}

const kindOf = ({ data }: OrderPlaced) => data.payment?.kind;
const orderNamed = (name: string) => newOrder(platformOrders.find((order) => order.name === name) as PlatformOrder);

/** Puts on the shelves what the orders ask for, and `SPARE` pieces more. */
async function stockFor(orders: readonly OrderPlaced[]): Promise<void> {
  const goods = goodsOf(orders.flatMap(({ data }) => data.items));
  await Promise.all(goods.map(({ sku, quantity }) => setStock(sku, quantity + SPARE)));
}

/** Waits until the orders' goods are sold. What was sold in an earlier run stays sold. */
const goodsAreSold = (orders: readonly OrderPlaced[]) =>
  Promise.all(
    goodsOf(orders.flatMap(({ data }) => data.items)).map(({ sku, quantity }) =>
      eventually(`${sku} is sold`, async () => {
        const shelf = await shelfOf(sku);
        return shelf?.available === SPARE && shelf.reserved === 0 && shelf.sold >= quantity;
      }),
    ),
  );

/** Reports a payment, as a service with the policy for it does. */
async function reportPayment({ data: { orderId, total } }: OrderPlaced): Promise<void> {
  const type = 'shop.payment.received.v1';
  const event = {
    specversion: '1.0',
    id: `bank/${orderId}`,
    source: '/shop/payments',
    type,
    data: { orderId, ...total },
  };
  const { FailedEntryCount } = await bus.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: output('EventBusName'),
          Source: event.source,
          DetailType: type,
          Detail: JSON.stringify(event),
        },
      ],
    }),
  );
  expect(FailedEntryCount ?? 0).toBe(0);
}

describe("platforms' orders on the deployed stack", () => {
  test('are confirmed, with their goods sold, and only what the checkout left to this shop is captured', async () => {
    const orders = platformOrders.map(newOrder).filter((order) => kindOf(order) !== 'awaited');
    await stockFor(orders);
    await publishAll(orders);

    for (const { data } of orders) {
      const { orderId, total } = data;
      expect(await decided(orderId), orderId).toMatchObject({ status: 'CONFIRMED', total });
    }
    await goodsAreSold(orders);
    for (const order of orders) {
      const { orderId, total } = order.data;
      const isAuthorized = kindOf(order) === 'authorized';
      if (isAuthorized) await paymentIs(orderId, 'captured');
      expect(await chargesOf(orderId), orderId).toEqual(isAuthorized ? capturedOnce(total.amount, total.currency) : []);
    }
  });

  test('are refunded by their reference, not charged, when they are out of stock', async () => {
    const paid = orderNamed('shopify-paid');
    const free = orderNamed('magento-coupon-100');
    const orders = [paid, free];
    for (const { sku } of goodsOf(orders.flatMap(({ data }) => data.items))) await setStock(sku, 0);
    await publishAll(orders);

    for (const { data } of orders)
      expect(await decided(data.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
    await eventually('the money is refunded', async () => (await chargesOf(paid.data.orderId)).length > 0);
    expect(await chargesOf(paid.data.orderId)).toEqual(['refund 5684 CAD']);
    expect(await chargesOf(free.data.orderId)).toEqual([]);
  });

  test('wait for a bank transfer, and are confirmed when it is reported', async () => {
    const orders = platformOrders.map(newOrder).filter((order) => kindOf(order) === 'awaited');
    await stockFor(orders);
    for (const order of orders) await publish(order);
    for (const { data } of orders)
      await eventually(`the goods of ${data.orderId} are reserved`, async () =>
        (await orderOf(data.orderId))?.timeline.some(({ type }) => type === 'shop.stock.reserved.v1'),
      );
    for (const { data } of orders) expect((await orderOf(data.orderId))?.status, data.orderId).toBe('PLACED');

    for (const order of orders) await reportPayment(order);
    for (const { data } of orders) expect(await decided(data.orderId)).toMatchObject({ status: 'CONFIRMED' });
    await goodsAreSold(orders);
    for (const { data } of orders) expect(await chargesOf(data.orderId)).toEqual([]);
  });
});
