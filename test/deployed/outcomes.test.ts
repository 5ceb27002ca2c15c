import { describe, expect, test } from 'vitest';
import {
  cancelRequested,
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  orderOf,
  paymentIs,
  paymentOf,
  placed,
  publish,
  setStock,
  shelfOf,
  testOrder,
  textsTo,
  voidedOnce,
  waitForEmptyQueues,
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
    await paymentIs(order.orderId, 'captured');
    expect(await chargesOf(order.orderId)).toEqual(capturedOnce());
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

  test('has every step in its timeline with time, type and source, the capture after the confirmation', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(placed(order));
    const { timeline } = await eventually('its capture is on record', async () => {
      const found = await orderOf(order.orderId);
      return found?.payment === 'captured' ? found : undefined;
    });
    const steps = timeline.map(({ type, source }) => `${source} ${type}`);
    expect(steps.slice(0, 3).sort()).toEqual([
      '/shop/checkout shop.order.placed.v1',
      '/shop/payment shop.payment.authorized.v1',
      '/shop/stock shop.stock.reserved.v1',
    ]);
    expect(steps.slice(3)).toEqual(['/shop/order shop.order.confirmed.v1', '/shop/payment shop.payment.captured.v1']);
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

  test('is cancelled when it is out of stock, and its authorization is voided, so that nothing was charged', async () => {
    const order = testOrder({ quantity: 2 });
    await setStock(order.sku, 1);
    await publish(placed(order));

    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'out-of-stock' });
    await paymentIs(order.orderId, 'voided');
    expect(await chargesOf(order.orderId)).toEqual(voidedOnce(24_000));
    await eventually('its void is in the timeline', async () =>
      (await orderOf(order.orderId))?.timeline.some(({ type }) => type === 'shop.payment.voided.v1'),
    );
    expect(await shelfOf(order.sku)).toMatchObject({ available: 1, reserved: 0, sold: 0 });
  });

  test('is cancelled at once by a cancellation that arrives first, and nothing is authorized when the order comes', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(cancelRequested(order.orderId));
    expect(await decided(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    await paymentIs(order.orderId, 'voided');
    await publish(placed(order));

    await eventually('the customer is texted', async () => (await textsTo(order.phone)).length > 0);
    await eventually('the order is on record', async () => (await orderOf(order.orderId))?.total);
    expect(await orderOf(order.orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    await waitForEmptyQueues();
    expect(await chargesOf(order.orderId)).toEqual([]);
    expect(await paymentOf(order.orderId)).toBe('voided');
    expect(await shelfOf(order.sku)).toMatchObject({ available: 1, reserved: 0, sold: 0 });
    expect(await textsTo(order.phone)).toEqual([expect.stringContaining('취소')]);
  });

  test('is cancelled after its confirmation when its authorization has lapsed, and its goods go back', async () => {
    const order = testOrder({ token: 'tok_lapses', quantity: 2 });
    await setStock(order.sku, 3);
    await publish(placed(order));

    const { timeline, reason } = await eventually('the order is cancelled', async () => {
      const found = await orderOf(order.orderId);
      return found?.status === 'CANCELLED' ? found : undefined;
    });
    expect(reason).toBe('payment-declined');
    expect(timeline.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['shop.order.confirmed.v1', 'shop.payment.declined.v1', 'shop.order.cancelled.v1']),
    );
    await eventually('the goods are back', async () => (await shelfOf(order.sku))?.available === 3);
    expect(await shelfOf(order.sku)).toMatchObject({ reserved: 0, sold: 0 });
    await eventually('the payment is closed', async () => (await paymentOf(order.orderId)) === 'voided');
    expect(await chargesOf(order.orderId)).toEqual(['authorization 24000 KRW']);
    await eventually('the customer is told', async () =>
      (await textsTo(order.phone)).some((text) => text.includes('취소')),
    );
  });
});
