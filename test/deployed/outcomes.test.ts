import { describe, expect, test } from 'vitest';
import {
  cancelRequested,
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentOf,
  placed,
  publish,
  setStock,
  shelfOf,
  testOrder,
  textsTo,
} from './deployed-shop.ts';

describe('an order on the deployed stack', () => {
  test('is confirmed with one capture, one item sold and one text in Korean', async () => {
    const order = testOrder({ locale: 'ko' });
    await setStock(order.sku, 5);
    await publish(placed(order));

    expect(await decided(order.orderId)).toMatchObject({
      status: 'CONFIRMED',
      total: { amount: 12_000, currency: 'KRW' },
    });
    expect(await chargesOf(order.orderId)).toEqual(['capture 12000 KRW']);
    await eventually('the goods are sold', async () => (await shelfOf(order.sku))?.sold === 1);
    expect(await shelfOf(order.sku)).toMatchObject({ available: 4, reserved: 0, sold: 1 });
    await eventually('the customer is texted', async () => (await textsTo(order.phone)).length > 0);
    expect(await textsTo(order.phone)).toEqual([expect.stringContaining(`주문 ${order.orderId} 확정`)]);
  });

  test("is texted in English when its customer's language is not supported", async () => {
    const order = testOrder({ locale: 'fr-FR' });
    await setStock(order.sku, 1);
    await publish(placed(order));
    await decided(order.orderId);
    await eventually('the customer is texted', async () => (await textsTo(order.phone)).length > 0);
    expect(await textsTo(order.phone)).toEqual([expect.stringContaining('is confirmed')]);
  });

  test('has every step in its timeline with time, type and source', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(placed(order));
    const { timeline } = await decided(order.orderId);
    expect(timeline.map(({ type, source }) => `${source} ${type}`).sort()).toEqual([
      '/shop/checkout shop.order.placed.v1',
      '/shop/order shop.order.confirmed.v1',
      '/shop/payment shop.payment.captured.v1',
      '/shop/stock shop.stock.reserved.v1',
    ]);
    for (const { time } of timeline) expect(new Date(time).getTime()).not.toBeNaN();
  });

  test('is cancelled when the card is declined, and its goods are released', async () => {
    const order = testOrder({ token: 'tok_declined' });
    await setStock(order.sku, 5);
    await publish(placed(order));

    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'payment-declined' });
    await eventually('the goods are back', async () => (await shelfOf(order.sku))?.reserved === 0);
    expect(await shelfOf(order.sku)).toMatchObject({ available: 5, reserved: 0, sold: 0 });
    expect(await chargesOf(order.orderId)).toEqual([]);
    await eventually('the customer is texted', async () => (await textsTo(order.phone)).length > 0);
    expect(await textsTo(order.phone)).toEqual([expect.stringContaining('취소')]);
  });

  test('is cancelled when it is out of stock, and its payment is refunded', async () => {
    const order = testOrder({ quantity: 2 });
    await setStock(order.sku, 1);
    await publish(placed(order));

    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
    await eventually('the money is back', async () => (await paymentOf(order.orderId)) === 'refunded');
    expect((await chargesOf(order.orderId)).sort()).toEqual(['capture 24000 KRW', 'refund 24000 KRW']);
    expect(await shelfOf(order.sku)).toMatchObject({ available: 1, reserved: 0, sold: 0 });
  });

  test('is cancelled by its customer, also when the cancellation arrives before the order', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(cancelRequested(order.orderId));
    await eventually('the cancellation is on record', async () => (await orderOf(order.orderId))?.cancelRequested);
    await publish(placed(order));

    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    await eventually('no money is held', async () => {
      const state = await paymentOf(order.orderId);
      return state === 'refunded' || state === 'cancelled';
    });
    await eventually('no goods are held', async () => (await shelfOf(order.sku))?.available === 1);
    expect(await shelfOf(order.sku)).toMatchObject({ reserved: 0, sold: 0 });
    const charges = await chargesOf(order.orderId);
    expect(charges.filter((charge) => charge.startsWith('capture')).length).toBe(
      charges.filter((charge) => charge.startsWith('refund')).length,
    );
  });
});
